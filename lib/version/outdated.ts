// Which versions of a project are old enough to be deleted.

import { sortsAbove, versionParts } from "./pep440.js";

/** A version of a project. */
export interface Release {
  /** PEP 440, in normal form. */
  version: string;
  /** All its files are yanked (PEP 592). */
  yanked: boolean;
}

async function newestFirst<R extends Release>(releases: Iterable<R>): Promise<R[]> {
  const sorted: R[] = [];
  for (const release of releases) {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (await sortsAbove(release.version, (sorted[middle] as R).version)) high = middle;
      else low = middle + 1;
    }
    sorted.splice(low, 0, release);
  }
  return sorted;
}

/**
 * The releases that are older than all that stay, the oldest first. What stays are the newest `keep` that are not
 * yanked, and the newest `keep` of the finished ones among them, so that pre-releases push none of those out.
 * Yanked ones count for nothing, and go only with what is as old; where all are yanked, the newest `keep` stay.
 */
export async function outdated<R extends Release>(releases: Iterable<R>, keep: number): Promise<R[]> {
  const sorted = await newestFirst(releases);
  const sound = sorted.filter(({ yanked }) => !yanked);
  const counted = sound.length > 0 ? sound : sorted;
  const finished: R[] = [];
  for (const release of counted)
    if ((await versionParts(release.version))?.unfinished === false) finished.push(release);
  const stay = new Set([...counted.slice(0, keep), ...finished.slice(0, keep)]);
  const lowest = Math.max(...Array.from(stay, (release) => sorted.indexOf(release)));
  return sorted
    .filter((release, place) => !stay.has(release) && (!release.yanked || place > lowest))
    .reverse();
}
