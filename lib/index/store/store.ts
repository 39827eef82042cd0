// The files of the embedded index: one directory, in which a file is either whole or not there. Files put there
// by other means (copied under another name, then renamed) are served as well.

import type { BigIntStats } from "node:fs";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { parseFilename } from "../../base/distribution.js";
import { asFailure, Failure, UsageError } from "../../base/failure.js";
import { Digests, digestNames } from "../digests.js";
import { Catalogue } from "./catalogue.js";
import { type Content, Contents, type ReadMetadata } from "./contents.js";
import { Incoming } from "./incoming.js";
import { look } from "./listing.js";
import { cleanFolder, makeFolder, stateFolder, temporaryName } from "./state-folder.js";
import { unyank, Yanked, yankedFolder } from "./yanked.js";

/** A file of the store, as a page lists it. */
export interface StoredFile extends Content {
  filename: string;
  /** As the file name spells it. */
  version: string;
  /** Bytes. */
  size: number;
  modified: Date;
  /** Why it is yanked, an empty text where that is not said; undefined for one that is not. */
  yanked?: string | undefined;
}

/** A file that is open for reading: the same bytes, whatever becomes of its name. */
export interface OpenFile {
  handle: FileHandle;
  /** Bytes. */
  size: number;
  modified: Date;
  /** For a strong comparison (RFC 9110, 8.8.1): another one after each change. */
  tag: string;
}

export interface StoreOptions {
  /** How metadata is read out of a distribution; without it, pages tell none. */
  readMetadata?: ReadMetadata;
  /** Most bytes of a file that is taken (no limit). */
  most?: number;
}

const longestName = 240;

function orUndefined(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ELOOP") throw error;
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UsageError(`there is no folder for ${directory}`);
    if (code === "EEXIST") return;
    const what = `cannot make ${directory}: ${message}`;
    const failure = asFailure(error);
    throw failure.code === "internal" ? new UsageError(what) : new Failure(failure.code, what);
  }
}

/** The files of a directory, as an index serves and takes them. */
export class Store {
  readonly directory: string;
  readonly #options: StoreOptions;
  readonly #catalogue: Catalogue;
  readonly #contents: Contents;
  readonly #yanked: Yanked;

  constructor(directory: string, options: StoreOptions = {}) {
    this.directory = directory;
    this.#options = options;
    this.#catalogue = new Catalogue(directory);
    this.#contents = new Contents(join(stateFolder(directory), "contents"), options.readMetadata);
    this.#yanked = new Yanked(directory);
  }

  /**
   * Removes what killed programs have left, and reads what there is. With `make`, the last folder of the path is
   * made if need be; a path of which more is missing is mistyped. Throws UsageError.
   */
  async open({ make = false } = {}): Promise<void> {
    if (make) await makeDirectory(this.directory);
    try {
      await cleanFolder(stateFolder(this.directory));
      await cleanFolder(yankedFolder(this.directory));
      await this.#contents.load();
      await this.#catalogue.refresh();
    } catch (error) {
      throw new UsageError(`cannot open ${this.directory}: ${(error as Error).message}`);
    }
  }

  /** Writes what was learned of files' contents. */
  async close(): Promise<void> {
    await this.#contents.save();
  }

  /**
   * How many files each project has, by its normalised name, in the order of names. The same object comes as long
   * as nothing has changed.
   */
  async projects(): Promise<ReadonlyMap<string, number>> {
    await this.#catalogue.refresh();
    return this.#catalogue.projects();
  }

  /** The names of a project's files, sorted; none for a project that is not there, which is certain. */
  async filenames(project: string): Promise<string[]> {
    await this.#catalogue.refresh();
    const names = this.#catalogue.filenames(project);
    if (names.length > 0) return names;
    await this.#catalogue.refresh({ certain: true });
    return this.#catalogue.filenames(project);
  }

  /** The files of a project, sorted by name; undefined for a project of which there is not even a name. */
  async files(project: string): Promise<StoredFile[] | undefined> {
    const names = await this.filenames(project);
    if (names.length === 0) return undefined;
    const reasons = await this.#yanked.reasons();
    const files = await Promise.all(
      names.map(async (filename): Promise<StoredFile | undefined> => {
        const stats = this.#look(filename);
        const content = stats && (await this.#content(filename, stats));
        if (!content) return undefined;
        return {
          filename,
          version: parseFilename(filename, project)?.version ?? "",
          size: Number(stats.size),
          modified: stats.mtime,
          sha256: content.sha256,
          requiresPython: content.requiresPython,
          metadataSha256: content.metadataSha256,
          yanked: reasons.get(filename),
        };
      }),
    );
    return files.filter((file) => file !== undefined);
  }

  #look(filename: string): BigIntStats | undefined {
    const stats = look(join(this.directory, filename));
    return stats?.isFile() ? stats : undefined;
  }

  async #content(filename: string, stats: BigIntStats): Promise<Content | undefined> {
    try {
      return await this.#contents.of(filename, join(this.directory, filename), stats);
    } catch (error) {
      return orUndefined(error as NodeJS.ErrnoException);
    }
  }

  /** Opens the file of a name; undefined where there is none, or the name is none of a distribution. */
  async openFile(filename: string): Promise<OpenFile | undefined> {
    if (!parseFilename(filename) || !this.#look(filename)) return undefined;
    const handle = await open(join(this.directory, filename), "r").catch(orUndefined);
    if (!handle) return undefined;
    try {
      const { size, mtime, mtimeNs } = await handle.stat({ bigint: true });
      return {
        handle,
        size: Number(size),
        modified: mtime,
        tag: `${size.toString(16)}-${mtimeNs.toString(16)}`,
      };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The METADATA of a wheel; undefined where there is none. */
  async metadata(filename: string): Promise<Buffer | undefined> {
    if (parseFilename(filename)?.kind !== "wheel") return undefined;
    return this.#options.readMetadata?.(join(this.directory, filename), "wheel").catch(() => undefined);
  }

  /**
   * Begins an upload. Of a file whose SHA-256 is known beforehand (`settled`) no other digest is compared. Throws
   * Failure "bad-name" for what is no name of an sdist or wheel.
   */
  async receive(filename: string, { settled = false } = {}): Promise<Incoming> {
    if (!parseFilename(filename) || filename.length > longestName)
      throw new Failure("bad-name", `"${filename}" is no name of an sdist or wheel`);
    const digests = await (settled ? Digests.start(["sha256"]) : Digests.start(digestNames));
    const folder = stateFolder(this.directory);
    await makeFolder(folder);
    const hidden = join(folder, temporaryName("upload"));
    const landing = {
      filename,
      directory: this.directory,
      most: this.#options.most ?? Number.POSITIVE_INFINITY,
      landed: async (sha256: string) => {
        const stats = this.#look(filename);
        if (stats) this.#contents.learn(filename, stats, sha256);
        this.#catalogue.add(filename);
      },
      present: async () => {
        const stats = this.#look(filename);
        return stats && (await this.#content(filename, stats))?.sha256;
      },
    };
    return new Incoming(landing, hidden, await open(hidden, "wx", 0o644), digests);
  }

  /** Deletes a file, and its mark where it was yanked. Who reads it reads it to its end. */
  async remove(filename: string): Promise<void> {
    await unlink(join(this.directory, filename)).catch(orUndefined);
    await unyank(this.directory, filename);
  }

  /** The reason for each file that is yanked. */
  yanked(): Promise<ReadonlyMap<string, string>> {
    return this.#yanked.reasons();
  }
}
