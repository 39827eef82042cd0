// The digests that an upload tells, all in one pass over the bytes.

import type { Hash } from "node:crypto";
import type { IHasher } from "hash-wasm";

/** In hexadecimal digits. */
export interface DigestTexts {
  md5: string;
  sha256: string;
  /** BLAKE2b with 256 bits (RFC 7693). */
  blake2b: string;
}

/** MD5, SHA-256 and BLAKE2b-256 of bytes that come piece by piece. */
export class Digests {
  readonly #md5: Hash;
  readonly #sha256: Hash;
  readonly #blake2b: IHasher;

  private constructor(md5: Hash, sha256: Hash, blake2b: IHasher) {
    this.#md5 = md5;
    this.#sha256 = sha256;
    this.#blake2b = blake2b;
  }

  static async start(): Promise<Digests> {
    const { createHash } = await import("node:crypto");
    // Node itself has BLAKE2b only with 512 bits, which are not those of 256 cut short.
    const { default: wasm } = await import("hash-wasm/dist/blake2b.umd.min.js");
    return new Digests(createHash("md5"), createHash("sha256"), await wasm.createBLAKE2b(256));
  }

  update(chunk: Buffer): void {
    this.#md5.update(chunk);
    this.#sha256.update(chunk);
    this.#blake2b.update(chunk);
  }

  /** Of all bytes that came; nothing can be added afterwards. */
  end(): DigestTexts {
    return {
      md5: this.#md5.digest("hex"),
      sha256: this.#sha256.digest("hex"),
      blake2b: this.#blake2b.digest("hex"),
    };
  }
}
