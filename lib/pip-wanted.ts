// What es-pip installs or removes: versions as they were told, the lines of requirements files, or the files of a
// release record.

import { isProjectName, normaliseName } from "./base/distribution.js";
import { Failure, UsageError } from "./base/failure.js";
import type { RecordWith, ReleaseFile } from "./base/schema.js";
import type { Listing } from "./index/listed.js";
import { readOneRecord } from "./stream/document.js";
import { readVersion } from "./version/label.js";
import { latestVersion, publishedVersions } from "./version/published.js";
import { parseRequirement, type Requirement, requirementLine } from "./version/requirement.js";
import { type RequirementLines, readRequirements } from "./version/requirements-file.js";

/** Hears, in one clause, how a version was read that is no PEP 440: `1.0-fixbug`. */
type Tell = (note: string) => void;

/** A distribution that must be there afterwards. */
export interface Looked {
  project: string;
  /** The one version that will do, in normal form; undefined where several will. */
  version?: string;
  /** The requirement (PEP 508). */
  text: string;
}

/** What is to be installed, the same on every host. */
export interface Wanted {
  looked: readonly Looked[];
  /** The texts of requirements files, one for each run of pip. */
  runs: readonly string[];
  /** So many of the runs install nothing but what they are told. */
  alone: number;
  /** The text of a constraints file. */
  constraints?: string;
  /** What is deployed where the record does not say it. */
  main?: Looked;
  commit?: string;
  /** The files of a release; it is installed by their hashes. */
  files?: readonly ReleaseFile[];
  /** Where the release was uploaded to. */
  index?: string;
}

/** A distribution that a release record names, checked: what pip reads must be nothing else. */
async function distribution(file: string, name: string, version: string, tell: Tell): Promise<Requirement> {
  try {
    return await parseRequirement(`${name}==${version}`, tell);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

const lookedAt = ({ name, project, version }: Requirement): Looked => ({
  project,
  version,
  text: requirementLine(name, version),
});

/** What is read of a release, be it in its own record or in that of a host. */
const releaseFields = ["project", "version", "commit", "files", "index"] as const;
type Release = RecordWith<(typeof releaseFields)[number]>;

/** The record of a release: the one of that name and version, or the only one of the file. */
async function releaseIn(file: string, which: string | undefined, tell: Tell) {
  if (which === undefined) return readOneRecord(file, releaseFields);
  const { project, version } = await parseRequirement(which, tell);
  const isIt = async (record: RecordWith<"project" | "version">) =>
    normaliseName(record.project ?? "") === normaliseName(project) &&
    (await readVersion(record.version ?? ""))?.version === version;
  return readOneRecord(file, releaseFields, { of: `${project} ${version}`, isIt });
}

/**
 * The files of a release, by hash; where it has no other's files, pip finds the dependencies itself. `file` has the
 * release's record, or several of which `which`, NAME==VERSION, is one. Throws UsageError, and Failure
 * "release-failed".
 */
export async function wantedRelease(file: string, tell: Tell, which?: string): Promise<Wanted> {
  const release = await releaseIn(file, which, tell);
  const { project, version, files = [] } = release;
  if (project === undefined || version === undefined || files.length === 0)
    throw new UsageError(`${file} is no record of a built release: project, version or files are missing`);
  return filesOfRelease(file, { ...release, project, version, files }, tell);
}

/** What the record of a host says: the files of its release, or where it has none, its version from the index. */
async function wantedOf(record: Release, label: string, tell: Tell): Promise<Wanted> {
  const { project, version, files = [] } = record;
  if (project === undefined || version === undefined)
    throw new Failure(
      "no-release",
      "nobody says what to install: NAME==VERSION, -r FILE or --release FILE of es-pip, or --release FILE of es-hosts",
    );
  if (files.length > 0) return filesOfRelease(label, { ...record, project, version, files }, tell);
  const main = await distribution(label, project, version, tell);
  return {
    looked: [lookedAt(main)],
    main: lookedAt(main),
    runs: [requirementLine(main.name, main.version)],
    alone: 0,
  };
}

/**
 * What the records of hosts say, of one after the other: the files of the release, or where there are none, the version
 * from the index. What many records say alike is worked out once. Throws as `wantedRelease` does, and Failure
 * "no-release".
 */
export function wantedOfEach(tell: Tell): (record: Release, label: string) => Promise<Wanted> {
  const known = new Map<string, Wanted>();
  return async (record, label) => {
    const said = JSON.stringify(releaseFields.map((field) => record[field]));
    const wanted = known.get(said) ?? (await wantedOf(record, label, tell));
    known.set(said, wanted);
    return wanted;
  };
}

async function filesOfRelease(
  file: string,
  release: Release & Required<Pick<Release, "project" | "version" | "files">>,
  tell: Tell,
): Promise<Wanted> {
  const { project, version, commit, files, index } = release;
  const main = await distribution(file, project, version, tell);
  const keyOf = (one: Requirement) => `${normaliseName(one.project)} ${one.version}`;
  const all = new Map([[keyOf(main), { ...main, wheels: [] as ReleaseFile[], sdists: [] as ReleaseFile[] }]]);
  for (const one of files) {
    // A host writes it under this name.
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.+!-]*$/.test(one.filename))
      throw new UsageError(
        `${file}: ${JSON.stringify(one.filename)} cannot be the name of an sdist or a wheel`,
      );
    const named = await distribution(file, one.name, one.version, () => {});
    const entry = all.get(keyOf(named)) ?? { ...named, wheels: [], sdists: [] };
    entry[one.kind === "wheel" ? "wheels" : "sdists"].push(one);
    all.set(keyOf(named), entry);
  }
  const found = [...all.values()];
  if (found[0] && found[0].wheels.length + found[0].sdists.length === 0)
    throw new UsageError(`${file} has no file of ${main.project} ${main.version}`);
  // What was built and tested is the wheel: where there is one, no host builds another from the sdist.
  const chosen = found.map((one) => (one.wheels.length > 0 ? one.wheels : one.sdists));
  const lines = found.map(({ name, version }, place) =>
    requirementLine(
      name,
      version,
      chosen[place]?.map(({ sha256 }) => sha256),
    ),
  );
  const built = found.filter(({ wheels }) => wheels.length > 0).map(({ project: one }) => one);
  const byHash = [...(built.length > 0 ? [`--only-binary ${built.join(",")}`] : []), ...lines].join("\n");
  const complete = found.length > 1;
  return {
    looked: found.map(lookedAt),
    main: lookedAt(main),
    runs: complete ? [byHash] : [byHash, requirementLine(main.name, main.version)],
    alone: 1,
    files: chosen.flat(),
    ...(commit !== undefined && { commit }),
    ...(index !== undefined && { index }),
  };
}

/** What the lines of requirements files ask for; those with a version that pip may choose have none. */
async function lookedIn({ lines }: RequirementLines): Promise<Looked[]> {
  const found: Looked[] = [];
  for (const line of lines) {
    const [text = ""] = line.split(/\s--hash[= ]/);
    const [, project] = /^([A-Za-z0-9._-]+)/.exec(text) ?? [];
    if (project === undefined || text.startsWith("-")) continue;
    const [, typed = ""] = /^[^;=]*[^;=!~<>]\s*===?\s*([A-Za-z0-9.!+_-]+)$/.exec(text.trim()) ?? [];
    const version = (await readVersion(typed))?.version;
    found.push({ project, text: text.trim(), ...(version !== undefined && { version }) });
  }
  return found;
}

/** The requirements files and constraints files of a command line. */
export interface RequirementFiles {
  requirements: readonly string[];
  constraints: readonly string[];
}

/**
 * Versions as they stand on a command line, and what requirements files name. `latest` finds the version that
 * NAME@latest means. Throws UsageError, and what `latest` throws.
 */
export async function wantedVersions(
  args: readonly string[],
  files: RequirementFiles,
  tell: Tell,
  latest: (project: string) => Promise<string>,
): Promise<Wanted> {
  const exact = async (text: string) => {
    if (isProjectName(text))
      throw new UsageError(`${text} needs a version: ${text}==VERSION, or ${text}@latest for the newest one`);
    const [, name, project = ""] = /^(([A-Za-z0-9._-]+)(?:\[[^\]]*\])?)@latest$/.exec(text.trim()) ?? [];
    return parseRequirement(name === undefined ? text : `${name}==${await latest(project)}`, tell);
  };
  const named = await Promise.all(args.map(exact));
  const names = named.map(({ project }) => normaliseName(project));
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) throw new UsageError(`${twice} is asked for twice`);
  const read = await Promise.all(files.requirements.map(readRequirements));
  const limits = await Promise.all(files.constraints.map(readRequirements));
  const looked = [...named.map(lookedAt), ...(await Promise.all(read.map(lookedIn))).flat()];
  if (looked.length === 0) throw new UsageError(`${files.requirements.join(", ")} asks for nothing`);
  const constraints = [
    ...read.flatMap((file) => file.constraints),
    ...limits.flatMap((file) => [...file.lines, ...file.constraints]),
  ];
  return {
    looked,
    ...(named[0] && { main: lookedAt(named[0]) }),
    runs: [
      [
        ...named.map(({ name, version }) => requirementLine(name, version)),
        ...read.flatMap(({ lines }) => lines),
      ].join("\n"),
    ],
    alone: 0,
    ...(constraints.length > 0 && { constraints: constraints.join("\n") }),
  };
}

/** True for NAME@latest, which only an index can tell. */
export const isLatest = (text: string): boolean => text.trim().endsWith("@latest");

/** Distributions that are to go, by their names. Throws UsageError. */
export function unwanted(names: readonly string[]): Wanted {
  for (const name of names) {
    if (!isProjectName(name)) throw new UsageError(`${JSON.stringify(name)} is no name of a distribution`);
    if (normaliseName(name) === "pip")
      throw new UsageError("pip is es-venv's: a virtualenv without it is not sound");
  }
  return { looked: names.map((name) => ({ project: name, text: name })), runs: [names.join("\n")], alone: 0 };
}

/** Whether a distribution is one of these, in whatever spelling of its name. */
export function names({ looked }: Wanted, name: string): boolean {
  return looked.some(({ project }) => normaliseName(project) === normaliseName(name));
}

/** One clause for what is as it should be already. */
export function unchanged(
  { looked }: Wanted,
  installed: Readonly<Record<string, string>>,
  verb: string,
): string {
  if (verb === "uninstall") return `${looked.map(({ project }) => project).join(", ")} not there`;
  const there = Object.entries(installed).map((each) => each.join(" "));
  return `${there.length > 5 ? `${there.length} distributions` : there.join(", ")} already there`;
}

/** The failure for a version that an index does not have; `versions` are those that it has. */
export function absent(what: string, url: string, latest: string | undefined, none = "it has none"): Failure {
  return new Failure(
    "version-not-found",
    `no ${what} on ${url} (${latest === undefined ? none : `latest is ${latest}`})`,
  );
}

/** The version that NAME@latest means on an index. Throws Failure "version-not-found". */
export async function latestOn(listing: Listing, project: string): Promise<string> {
  const latest = await latestVersion(await publishedVersions(await listing.files(project)));
  if (latest === undefined) throw absent(`version of ${project}`, listing.url, undefined);
  return latest;
}

/** Codes of an index that this machine cannot reach; the hosts may. */
const unreached = ["unresolved", "unreachable", "refused", "timeout"];

/**
 * Throws Failure "version-not-found" for the first version that an index does not have. An index that cannot be
 * reached from here says nothing about that.
 */
export async function refuseAbsent(
  listing: Pick<Listing, "url" | "files">,
  { looked }: Wanted,
): Promise<void> {
  for (const { project, version } of looked) {
    if (version === undefined) continue;
    const files = await listing.files(project).catch((error) => {
      if (error instanceof Failure && unreached.includes(error.code)) return undefined;
      throw error;
    });
    if (files === undefined) return;
    const published = await publishedVersions(files);
    if (!published.some((one) => one.version === version))
      throw absent(`${project} ${version}`, listing.url, await latestVersion(published));
  }
}

/**
 * The fields project, version and commit: of the distribution that is the record's project; of the first one of the
 * command line where the record has no project. Without a version where pip may choose it. Throws Failure
 * "disagreement".
 */
export async function deployed(
  wanted: Wanted,
  record: RecordWith<"project" | "version" | "commit">,
): Promise<{ project?: string; version?: string; commit?: string }> {
  const { project, version, commit } = record;
  const isProject = (one: Looked) => normaliseName(one.project) === normaliseName(project ?? "");
  const main = project === undefined ? wanted.main : wanted.looked.find(isProject);
  if (!main) return {};
  if (
    version !== undefined &&
    main.version !== undefined &&
    (await readVersion(version))?.version !== main.version
  )
    throw new Failure(
      "disagreement",
      `the record says ${main.project} ${version}, es-pip is told ${main.version}`,
    );
  if (commit !== undefined && wanted.commit !== undefined && commit !== wanted.commit)
    throw new Failure("disagreement", `the record says commit ${commit}, the release says ${wanted.commit}`);
  return {
    project: project ?? main.project,
    ...(main.version !== undefined && { version: main.version }),
    ...(wanted.commit && { commit: wanted.commit }),
  };
}
