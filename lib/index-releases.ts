// The files of the embedded index as versions of a project: what es-index yanks and prunes.

import { isProjectName, normaliseName, parseFilename, projectsOf } from "./base/distribution.js";
import { Failure, UsageError } from "./base/failure.js";
import type { Store } from "./index/store/store.js";
import type { Release } from "./version/outdated.js";
import { normalVersion } from "./version/pep440.js";

/** A version of a project, with its files on the index. */
export interface IndexRelease extends Release {
  filenames: string[];
}

/** The normalised name of a project that the index has. Throws Failure "no-version" for one that it has not. */
export async function projectNamed(store: Store, text: string): Promise<string> {
  if (!isProjectName(text)) throw new UsageError(`${text} is no name of a project`);
  const name = normaliseName(text);
  if ((await releasesOf(store, name)).length > 0) return name;
  throw new Failure("no-version", `${store.directory} has no file of a project ${name}`);
}

/**
 * The versions of a project (normalised name) for which the index has files. A file that may be of two projects
 * belongs to the likelier one.
 */
export async function releasesOf(store: Store, project: string): Promise<IndexRelease[]> {
  const reasons = await store.yanked();
  const releases = new Map<string, IndexRelease>();
  for (const filename of await store.filenames(project)) {
    if (projectsOf(filename)[0] !== project) continue;
    const version = await normalVersion(parseFilename(filename, project)?.version ?? "");
    // A version that cannot be told from its neighbours is left alone.
    if (version === undefined) continue;
    const release = releases.get(version) ?? { version, yanked: true, filenames: [] };
    release.filenames.push(filename);
    release.yanked &&= reasons.has(filename);
    releases.set(version, release);
  }
  return [...releases.values()];
}

/**
 * The files that are meant by a version or a file name. Throws Failure "no-version" where there are none, and
 * UsageError for what is neither.
 */
export async function filesNamed(store: Store, project: string, text: string): Promise<string[]> {
  const releases = await releasesOf(store, project);
  if (parseFilename(text, project)) {
    const there = releases.some(({ filenames }) => filenames.includes(text));
    if (there) return [text];
    throw new Failure("no-version", `${store.directory} has no file ${text}`);
  }
  const version = await normalVersion(text);
  if (version === undefined)
    throw new UsageError(`${text} is neither a version nor the name of a file of ${project}`);
  const release = releases.find((one) => one.version === version);
  if (release) return release.filenames;
  throw new Failure("no-version", `${store.directory} has no file of ${project} ${version}`);
}
