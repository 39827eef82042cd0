// The files of the embedded index: one directory, in which a file is either whole or not there. Files put there
// by other means (copied under another name, then renamed) are served as well.

import { createHash, randomBytes } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { type FileHandle, link, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { normaliseName, parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";

/** A file of the store. */
export interface StoredFile {
  filename: string;
  path: string;
  /** Bytes. */
  size: number;
  modified: Date;
  sha256: string;
  /** As the file name spells it. */
  version: string;
}

/** What an uploader says about the bytes that it sends; all that it says is checked. */
export interface Digests {
  sha256?: string | undefined;
  md5?: string | undefined;
}

const temporary = /^\.upload-(\d+)-[0-9a-f]+$/;
const longestName = 240;

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest("hex");
}

/** What a file looks like; a digest holds as long as that stays the same. */
function stampOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs}`;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The files of a directory, as an index serves and takes them. */
export class Store {
  readonly directory: string;
  readonly #sums = new Map<string, { stamp: string; sha256: string }>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Removes what is left of uploads whose server was killed. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      const pid = temporary.exec(name)?.[1];
      if (pid !== undefined && !isRunning(Number(pid))) await unlink(join(this.directory, name));
    }
  }

  async #filenames(project?: string): Promise<string[]> {
    const names = await readdir(this.directory);
    return names.filter((name) => parseFilename(name, project) !== undefined).sort();
  }

  /** The normalised names of all projects, sorted. */
  async projects(): Promise<string[]> {
    const names = (await this.#filenames()).map((name) => normaliseName(parseFilename(name)?.name ?? ""));
    return [...new Set(names)].sort();
  }

  /** The files of a project, sorted by name; none for a project that is not there. */
  async files(project: string): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    for (const filename of await this.#filenames(project)) {
      const file = await this.find(filename);
      if (file) files.push(file);
    }
    return files;
  }

  /** The file of a name, or undefined where there is none, or the name is none of a distribution. */
  async find(filename: string): Promise<StoredFile | undefined> {
    const parsed = parseFilename(filename);
    if (!parsed) return undefined;
    const path = join(this.directory, filename);
    try {
      const stats = await stat(path, { bigint: true });
      if (!stats.isFile()) return undefined;
      const stamp = stampOf(stats);
      const known = this.#sums.get(filename);
      const sha256 = known?.stamp === stamp ? known.sha256 : await sha256Of(path);
      this.#sums.set(filename, { stamp, sha256 });
      return {
        filename,
        path,
        size: Number(stats.size),
        modified: stats.mtime,
        sha256,
        version: parsed.version,
      };
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Remembers the digest of a file that has just come, so that it need not be read again. */
  async learn(filename: string, sha256: string): Promise<void> {
    const stamp = stampOf(await stat(join(this.directory, filename), { bigint: true }));
    this.#sums.set(filename, { stamp, sha256 });
  }

  /** Begins an upload. Throws Failure "bad-name" for what is no name of an sdist or wheel. */
  async receive(filename: string): Promise<Upload> {
    if (!parseFilename(filename) || filename.length > longestName)
      throw new Failure("bad-name", `"${filename}" is no name of an sdist or wheel`);
    const hidden = join(this.directory, `.upload-${process.pid}-${randomBytes(8).toString("hex")}`);
    return new Upload(this, filename, hidden, await open(hidden, "wx", 0o644));
  }
}

/** A file on its way in: hidden until `commit`, gone after `discard`. */
export class Upload {
  readonly #store: Store;
  readonly #filename: string;
  readonly #hidden: string;
  readonly #handle: FileHandle;
  readonly #sha256 = createHash("sha256");
  readonly #md5 = createHash("md5");
  #over = false;

  constructor(store: Store, filename: string, hidden: string, handle: FileHandle) {
    this.#store = store;
    this.#filename = filename;
    this.#hidden = hidden;
    this.#handle = handle;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#sha256.update(chunk);
    this.#md5.update(chunk);
    await this.#handle.writeFile(chunk);
  }

  /**
   * Makes the file visible, and lasting. Resolves to "present" when these very bytes were there before. Throws
   * Failure "digest-missing", "digest-mismatch", or "already-exists" when other bytes have the name.
   */
  async commit(digests: Digests): Promise<"uploaded" | "present"> {
    try {
      const sha256 = this.#sha256.digest("hex");
      this.#check(digests, { sha256, md5: this.#md5.digest("hex") });
      await this.#handle.sync();
      const outcome = await this.#publish(sha256);
      await syncDirectory(this.#store.directory);
      return outcome;
    } finally {
      await this.discard();
    }
  }

  /** Removes what has come; after `commit` there is nothing to remove. */
  async discard(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#handle.close();
    await unlink(this.#hidden);
  }

  #check(said: Digests, is: { sha256: string; md5: string }): void {
    if (!said.sha256 && !said.md5)
      throw new Failure("digest-missing", `${this.#filename} came without sha256_digest and md5_digest`);
    for (const name of ["sha256", "md5"] as const)
      if (said[name] && said[name].toLowerCase() !== is[name])
        throw new Failure(
          "digest-mismatch",
          `${this.#filename} came with the ${name} ${is[name]} and was announced with ${said[name]}`,
        );
  }

  // A link, other than a rename, never replaces a file: of two uploads of one name, one comes first.
  async #publish(sha256: string): Promise<"uploaded" | "present"> {
    try {
      await link(this.#hidden, join(this.#store.directory, this.#filename));
      await this.#store.learn(this.#filename, sha256);
      return "uploaded";
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    const there = await this.#store.find(this.#filename);
    if (there?.sha256 === sha256) return "present";
    throw new Failure(
      "already-exists",
      `${this.#filename} is here already with other bytes; a published file never changes, so give a new version`,
    );
  }
}
