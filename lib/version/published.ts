// The versions of a project that are published, seen from the files that an index lists.

import { Failure } from "../base/failure.js";
import { newestVersion, normalVersion, sortedVersions, sortsAbove } from "./pep440.js";

/** A version of a project on an index. */
export interface Published {
  /** PEP 440 normal form. */
  version: string;
  /** PEP 592: every file of it is yanked, so nobody gets it who does not ask for exactly this one. */
  yanked: boolean;
}

/** The versions of these files, each once, the lowest first; a file without a version of PEP 440 has none. */
export async function publishedVersions(
  files: Iterable<{ version: string; yanked: boolean }>,
): Promise<Published[]> {
  const yanked = new Map<string, boolean>();
  for (const file of files) {
    const version = await normalVersion(file.version);
    if (version !== undefined) yanked.set(version, file.yanked && yanked.get(version) !== false);
  }
  return (await sortedVersions(yanked.keys())).map((version) => ({
    version,
    yanked: yanked.get(version) === true,
  }));
}

/**
 * The version that whoever names none gets: the highest finished one, otherwise the highest unfinished one (PEP
 * 440, "Handling of pre-releases"); never a yanked one (PEP 592). Undefined where there is none.
 */
export function latestVersion(published: readonly Published[]): Promise<string | undefined> {
  return newestVersion(published.flatMap(({ version, yanked }) => (yanked ? [] : [version])));
}

/**
 * The latest version, above which this one sorts; undefined where it would be the first. Throws unless a version is a
 * new one that would be the latest: Failure "already-exists" where it is published, "would-sort-below" where the latest
 * sorts above it. `index` and `project` are for messages.
 */
export async function refuseUnlessNewest(
  version: string,
  published: readonly Published[],
  index: string,
  project: string,
): Promise<string | undefined> {
  const there = published.find((one) => one.version === version);
  if (there)
    throw new Failure(
      "already-exists",
      `${index} has ${project} ${version} already${there.yanked ? ", yanked" : ""}`,
    );
  const latest = await latestVersion(published);
  if (latest !== undefined && !(await sortsAbove(version, latest)))
    throw new Failure(
      "would-sort-below",
      `${project} ${version} does not sort above the latest one of ${index}, which is ${latest}`,
    );
  return latest;
}
