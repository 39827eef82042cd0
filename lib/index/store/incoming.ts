// A file on its way into the index: hidden until it is whole and on the disk.

import { type FileHandle, link, unlink } from "node:fs/promises";
import { Failure } from "../../base/failure.js";
import type { DigestName, Digests, DigestTexts } from "../digests.js";
import { syncFolder } from "./state-folder.js";

/** What an uploader says about the bytes that it sends. */
export type Announced = { [name in DigestName]?: string | undefined };

/** The digests that are made of the bytes: all that are to be compared, and always the one that pages tell. */
export type Made = Digests<"sha256"> | Digests;

/** Where a file comes to lie, and what is to be known of that. */
export interface Landing {
  filename: string;
  /** Its folder. */
  directory: string;
  /** Most bytes that are taken. */
  most: number;
  /** Told when the file is visible. */
  landed(sha256: string): Promise<void>;
  /** The digest of the file that has the name already. */
  present(): Promise<string | undefined>;
}

/**
 * Bytes that are written at once: chunks come in pieces of 64 KiB, and each write is a way to another thread and back.
 */
const worthWriting = 512 * 1024;

/** Bytes that go on to the disk together while others still come: at the end, little is left to wait for. */
const worthFlushing = 4 * 1024 * 1024;

/** A file on its way in: hidden until `commit`, gone after `discard`. */
export class Incoming {
  readonly #landing: Landing;
  readonly #hidden: string;
  readonly #handle: FileHandle;
  readonly #digests: Made;
  #size = 0;
  #over = false;
  /** What has come and is not yet being written. */
  #held: Buffer[] = [];
  #heldSize = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #unflushed = 0;
  #flushing: Promise<unknown> = Promise.resolve();

  /** `hidden` is the path of `handle`'s file, on the same file system as the landing. */
  constructor(landing: Landing, hidden: string, handle: FileHandle, digests: Made) {
    this.#landing = landing;
    this.#digests = digests;
    this.#hidden = hidden;
    this.#handle = handle;
  }

  /** Throws Failure "too-large" for more bytes than are taken. */
  async write(chunk: Buffer): Promise<void> {
    const { filename, most } = this.#landing;
    this.#size += chunk.length;
    if (this.#size > most)
      throw new Failure("too-large", `${filename} has more than the ${most} bytes that this index takes`);
    this.#digests.update(chunk);
    this.#held.push(chunk);
    this.#heldSize += chunk.length;
    if (this.#heldSize >= worthWriting) await this.#writeHeld();
  }

  /** Begins to write what is held, when all before it is written; what comes meanwhile is taken in. */
  async #writeHeld(): Promise<void> {
    await this.#writing;
    const chunks = this.#held;
    this.#unflushed += this.#heldSize;
    this.#held = [];
    this.#heldSize = 0;
    this.#writing = this.#handle.appendFile(Buffer.concat(chunks));
    // Its failure is for whoever waits for it next.
    this.#writing.catch(() => {});
    if (this.#unflushed >= worthFlushing) this.#flush();
  }

  #flush(): void {
    this.#unflushed = 0;
    this.#flushing = Promise.all([this.#flushing, this.#writing]).then(() => this.#handle.datasync());
    // The system tells a failure once: `commit` waits for this one, too.
    this.#flushing.catch(() => {});
  }

  /**
   * Makes the file visible, and lasting, when all digests that were made are those announced. Resolves to "present"
   * when these very bytes were there before. Throws Failure "digest-missing", "digest-mismatch", or "already-exists"
   * when other bytes have the name.
   */
  async commit(announced: Announced): Promise<"uploaded" | "present"> {
    try {
      const digests = this.#digests.end();
      this.#check(announced, digests);
      await this.#writeHeld();
      await Promise.all([this.#writing, this.#flushing]);
      await this.#handle.sync();
      const outcome = await this.#publish(digests.sha256);
      await syncFolder(this.#landing.directory);
      return outcome;
    } finally {
      await this.discard();
    }
  }

  /** Removes what has come; after `commit` there is nothing to remove. */
  async discard(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await Promise.allSettled([this.#writing, this.#flushing]);
    await this.#handle.close();
    await unlink(this.#hidden);
  }

  #check(said: Announced, is: Partial<DigestTexts>): void {
    const { filename } = this.#landing;
    const names = Object.keys(is) as DigestName[];
    if (!names.some((name) => said[name]))
      throw new Failure(
        "digest-missing",
        `${filename} came without sha256_digest, md5_digest and blake2_256_digest`,
      );
    for (const name of names)
      if (said[name] && said[name]?.toLowerCase() !== is[name])
        throw new Failure(
          "digest-mismatch",
          `${filename} came with the ${name} ${is[name]} and was announced with ${said[name]}`,
        );
  }

  // A link, other than a rename, never replaces a file: of two uploads of one name, one comes first.
  async #publish(sha256: string): Promise<"uploaded" | "present"> {
    const { filename, directory } = this.#landing;
    try {
      await link(this.#hidden, `${directory}/${filename}`);
      await this.#landing.landed(sha256);
      return "uploaded";
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if ((await this.#landing.present()) === sha256) return "present";
    throw new Failure(
      "already-exists",
      `${filename} is here already with other bytes; a published file never changes, so give a new version`,
    );
  }
}
