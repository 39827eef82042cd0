// Which files are yanked (PEP 592): a file of the same name for each in a folder, its text the reason. So a mark is
// set and taken away in one step, by whatever program, and a running server sees it.

import { readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { parseFilename } from "../../base/distribution.js";
import { Listing } from "./listing.js";
import { makeFolder, replaceFile, stateFolder } from "./state-folder.js";

/** Where the marks are. */
export function yankedFolder(directory: string): string {
  return join(stateFolder(directory), "yanked");
}

async function readReason(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** The marks of a directory, as they are now. */
export class Yanked {
  readonly #listing: Listing;
  #reasons: Promise<ReadonlyMap<string, string>> = Promise.resolve(new Map());

  constructor(directory: string) {
    this.#listing = new Listing(yankedFolder(directory));
  }

  /** The reason for each file that is yanked; an empty one where none was given. */
  reasons(): Promise<ReadonlyMap<string, string>> {
    // One look after the other: the names are known before their reasons are.
    this.#reasons = this.#reasons.catch(() => new Map()).then((known) => this.#look(known));
    return this.#reasons;
  }

  async #look(known: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    const names = await this.#listing.read({ mayBeMissing: true });
    if (!names) return known;
    const reasons = new Map<string, string>();
    for (const name of names) {
      const reason = parseFilename(name) && (await readReason(join(this.#listing.path, name)));
      if (reason !== undefined) reasons.set(name, reason);
    }
    return reasons;
  }
}

/** Marks a file. Resolves to whether that changed anything. */
export async function yank(directory: string, filename: string, reason: string): Promise<boolean> {
  const folder = yankedFolder(directory);
  const path = join(folder, filename);
  if ((await readReason(path)) === reason) return false;
  await makeFolder(folder);
  await replaceFile(path, reason);
  return true;
}

/** Takes the mark away. Resolves to whether there was one. */
export async function unyank(directory: string, filename: string): Promise<boolean> {
  try {
    await unlink(join(yankedFolder(directory), filename));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
