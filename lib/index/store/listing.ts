// The names in a directory, read again when they have changed. There is no watch on the directory: watches lose
// events when many come at once, and know nothing of what others do on a network file system.

import { type BigIntStats, statSync } from "node:fs";
import { readdir } from "node:fs/promises";

/** Milliseconds in which a file system may give two changes the same time. */
const tick = 100;
const coarseTick = 2500;

/**
 * True when `mtimeNs`, looked at now, would be another one after a further change; so it is with one that lies in
 * the future, too. A time in whole seconds is taken for one of a file system that keeps no finer ones.
 */
export function isSettled(mtimeNs: bigint, now = Date.now()): boolean {
  const age = Math.abs(now - Number(mtimeNs / 1_000_000n));
  return age > (mtimeNs % 1_000_000_000n === 0n ? coarseTick : tick);
}

/**
 * What a file or directory looks like; undefined where there is none. It does not give way to others: a page needs
 * a dozen looks, each of some microseconds, and six times of that where each is a promise (tried).
 */
export function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") return undefined;
    throw error;
  }
}

/** The names in one directory. */
export class Listing {
  readonly path: string;
  #modified: bigint | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * The names, or undefined when they are those of the last reading. A directory that is not there is empty
   * with `mayBeMissing`.
   */
  async read({ mayBeMissing = false } = {}): Promise<string[] | undefined> {
    const stats = look(this.path);
    if (!stats && mayBeMissing) return [];
    if (stats && stats.mtimeNs === this.#modified) return undefined;
    this.#modified = undefined;
    const settled = stats && isSettled(stats.mtimeNs);
    const names = await readdir(this.path);
    // What changes from now on changes the time, too, unless that is the time of this very moment.
    if (settled) this.#modified = stats.mtimeNs;
    return names;
  }
}
