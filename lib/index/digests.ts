// The digests that an upload tells, all in one pass over the bytes.

/** In hexadecimal digits. */
export interface DigestTexts {
  md5: string;
  sha256: string;
  /** BLAKE2b with 256 bits (RFC 7693). */
  blake2b: string;
}

export type DigestName = keyof DigestTexts;

export const digestNames: readonly DigestName[] = ["md5", "sha256", "blake2b"];

/** One digest under way. */
interface Hasher {
  update(chunk: Buffer): unknown;
  digest(encoding: "hex"): string;
}

async function hasherOf(name: DigestName): Promise<Hasher> {
  if (name !== "blake2b") {
    const { createHash } = await import("node:crypto");
    return createHash(name);
  }
  // Node itself has BLAKE2b only with 512 bits, which are not those of 256 cut short.
  const { default: wasm } = await import("hash-wasm/dist/blake2b.umd.min.js");
  return wasm.createBLAKE2b(256);
}

/** Digests of bytes that come piece by piece. */
export class Digests<Name extends DigestName = DigestName> {
  readonly #hashers: readonly (readonly [Name, Hasher])[];

  private constructor(hashers: readonly (readonly [Name, Hasher])[]) {
    this.#hashers = hashers;
  }

  static async start<Name extends DigestName>(names: readonly Name[]): Promise<Digests<Name>> {
    return new Digests(
      await Promise.all(names.map(async (name): Promise<[Name, Hasher]> => [name, await hasherOf(name)])),
    );
  }

  update(chunk: Buffer): void {
    for (const [, hasher] of this.#hashers) hasher.update(chunk);
  }

  /** Of all bytes that came; nothing can be added afterwards. */
  end(): Pick<DigestTexts, Name> {
    const texts = this.#hashers.map(([name, hasher]) => [name, hasher.digest("hex")]);
    return Object.fromEntries(texts) as Pick<DigestTexts, Name>;
  }
}
