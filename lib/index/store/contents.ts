// What is in the files of the index: digests, and what their metadata says. Reading a file takes its time, so what
// was found is kept beside the files, and holds as long as the file looks the same.

import { createHash } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type ParsedFilename, parseFilename } from "../../base/distribution.js";
import { Gate } from "../../base/gate.js";
import { isSettled, look } from "./listing.js";
import { makeFolder, replaceFile } from "./state-folder.js";

/** What is in a file. */
export interface Content {
  sha256: string;
  /** The Python that it asks for (PEP 345), such as ">=3.8". */
  requiresPython?: string | undefined;
  /** The SHA-256 of a wheel's METADATA (PEP 658). */
  metadataSha256?: string | undefined;
}

/** Reads PKG-INFO or METADATA out of a distribution; throws where there is none. */
export type ReadMetadata = (path: string, kind: ParsedFilename["kind"]) => Promise<Buffer>;

interface Known extends Content {
  /** What the file looked like. */
  stamp: string;
  /** False for a file of which only the digest is known so far. */
  whole: boolean;
}

/** How many files are read at once: more of them would only wait for the same disk. */
const atOnce = 2;
/** Milliseconds for which news are gathered before they are written. */
const gathering = 500;

/** What a file looks like: another one after each change. */
function stampOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs}`;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest("hex");
}

/** The field Requires-Python of core metadata. */
function requiresPythonOf(metadata: Buffer): string | undefined {
  const [head = ""] = metadata.toString("utf8").split(/\r?\n\r?\n/, 1);
  return /^Requires-Python:(.*)$/im.exec(head)?.[1]?.trim() || undefined;
}

function parseLine(line: string): [string, Known] | undefined {
  try {
    const [filename, stamp, sha256, requiresPython, metadataSha256] = JSON.parse(line);
    const known = {
      stamp: String(stamp),
      sha256: String(sha256),
      requiresPython: requiresPython ?? undefined,
      metadataSha256: metadataSha256 ?? undefined,
      whole: true,
    };
    return [String(filename), known];
  } catch {
    // Cut off when a disk was full or a server killed: that file is read again.
    return undefined;
  }
}

function lineOf(filename: string, { stamp, sha256, requiresPython, metadataSha256 }: Known): string {
  return `${JSON.stringify([filename, stamp, sha256, requiresPython ?? null, metadataSha256 ?? null])}\n`;
}

/** The contents of the files of one directory. `journal` is where they are kept, a line for each. */
export class Contents {
  readonly #journal: string;
  readonly #readMetadata: ReadMetadata | undefined;
  readonly #known = new Map<string, Known>();
  readonly #running = new Map<string, Promise<Content | undefined>>();
  readonly #gate = new Gate(atOnce);
  #news: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(journal: string, readMetadata?: ReadMetadata) {
    this.#journal = journal;
    this.#readMetadata = readMetadata;
  }

  /** Reads what is kept of earlier runs, and shortens it where most of it is outdated. */
  async load(): Promise<void> {
    const text = await readFile(this.#journal, "utf8").catch(() => "");
    const lines = text.split("\n").filter(Boolean);
    for (const line of lines) {
      const [filename, known] = parseLine(line) ?? [];
      if (filename !== undefined && known) this.#known.set(filename, known);
    }
    if (lines.length < 1000 || lines.length < 2 * this.#known.size) return;
    const all = [...this.#known].map(([filename, known]) => lineOf(filename, known));
    await replaceFile(this.#journal, all.join("")).catch(() => {});
  }

  /** Remembers the digest of a file that has just come, so that it need not be read for that. */
  learn(filename: string, stats: BigIntStats, sha256: string): void {
    this.#known.set(filename, { stamp: stampOf(stats), sha256, whole: false });
  }

  /** What is in the file, which looks like `stats`; undefined when it changes while it is read. */
  of(filename: string, path: string, stats: BigIntStats): Promise<Content | undefined> | Content {
    const known = this.#known.get(filename);
    const stamp = stampOf(stats);
    if (known?.whole && known.stamp === stamp) return known;
    const key = `${stamp} ${filename}`;
    const running = this.#running.get(key);
    if (running) return running;
    const digest = known?.stamp === stamp ? known.sha256 : undefined;
    const reading = this.#read(filename, path, stats, digest).finally(() => this.#running.delete(key));
    this.#running.set(key, reading);
    return reading;
  }

  async #read(filename: string, path: string, stats: BigIntStats, digest: string | undefined) {
    const place = await this.#gate.enter();
    try {
      const stamp = stampOf(stats);
      const settled = digest !== undefined || isSettled(stats.mtimeNs);
      const sha256 = digest ?? (await sha256Of(path));
      const known: Known = { stamp, sha256, ...(await this.#describe(path, filename)), whole: true };
      const now = look(path);
      if (!now || stampOf(now) !== stamp) return undefined;
      if (settled) this.#keep(filename, known);
      return known;
    } finally {
      place.leave();
    }
  }

  async #describe(path: string, filename: string): Promise<Omit<Content, "sha256">> {
    const kind = parseFilename(filename)?.kind;
    if (!kind || !this.#readMetadata) return {};
    try {
      const metadata = await this.#readMetadata(path, kind);
      return {
        requiresPython: requiresPythonOf(metadata),
        // What an sdist says may be other than what is built of it (PEP 643).
        metadataSha256: kind === "wheel" ? createHash("sha256").update(metadata).digest("hex") : undefined,
      };
    } catch {
      // No sound archive, which pip will say better than a page can.
      return {};
    }
  }

  #keep(filename: string, known: Known): void {
    this.#known.set(filename, known);
    this.#news.push(lineOf(filename, known));
    this.#timer ??= setTimeout(() => this.save(), gathering).unref();
  }

  /** Writes what is new. A directory that cannot be written to is served all the same. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const news = this.#news.join("");
    this.#news = [];
    if (news === "") return;
    try {
      await makeFolder(dirname(this.#journal));
      await appendFile(this.#journal, news);
    } catch {}
  }
}
