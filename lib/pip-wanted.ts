// What es-pip installs: the versions that it was told, or the files of a release record.

import { normaliseName } from "./base/distribution.js";
import { Failure, UsageError } from "./base/failure.js";
import type { RecordWith } from "./base/schema.js";
import { readOneRecord } from "./stream/document.js";
import { readVersion } from "./version/label.js";
import { parseRequirement, type Requirement, requirementLine } from "./version/requirement.js";

/** Hears, in one clause, how a version was read that is no PEP 440: `1.0-fixbug`. */
type Tell = (note: string) => void;

/** What is to be installed, the same on every host. */
export interface Wanted {
  requirements: readonly Requirement[];
  /** The texts of requirements files, one for each run of pip. */
  runs: readonly string[];
  commit?: string;
  /** True for the files of a release. */
  byHash?: true;
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

/**
 * The files of a release, by hash; where it has no other's files, pip finds the dependencies itself. `file`
 * has the release's record. Throws UsageError, and Failure "release-failed".
 */
export async function wantedRelease(file: string, tell: Tell): Promise<Wanted> {
  const release = await readOneRecord(file, ["project", "version", "commit", "files", "index"]);
  const { project, version, commit, files = [], index } = release;
  if (project === undefined || version === undefined || files.length === 0)
    throw new UsageError(`${file} is no record of a built release: project, version or files are missing`);
  const main = await distribution(file, project, version, tell);
  const keyOf = (one: Requirement) => `${normaliseName(one.project)} ${one.version}`;
  const all = new Map([[keyOf(main), { ...main, wheels: [] as string[], sdists: [] as string[] }]]);
  for (const one of files) {
    const named = await distribution(file, one.name, one.version, () => {});
    const entry = all.get(keyOf(named)) ?? { ...named, wheels: [], sdists: [] };
    entry[one.kind === "wheel" ? "wheels" : "sdists"].push(one.sha256);
    all.set(keyOf(named), entry);
  }
  const found = [...all.values()];
  if (found[0] && found[0].wheels.length + found[0].sdists.length === 0)
    throw new UsageError(`${file} has no file of ${main.project} ${main.version}`);
  // What was built and tested is the wheel: where there is one, no host builds another from the sdist.
  const lines = found.map(({ name, version, wheels, sdists }) =>
    requirementLine(name, version, wheels.length > 0 ? wheels : sdists),
  );
  const built = found.filter(({ wheels }) => wheels.length > 0).map(({ project: one }) => one);
  const byHash = [...(built.length > 0 ? [`--only-binary ${built.join(",")}`] : []), ...lines].join("\n");
  const requirements = found.map(({ wheels, sdists, ...requirement }) => requirement);
  const complete = requirements.length > 1;
  return {
    requirements,
    byHash: true,
    runs: complete ? [byHash] : [byHash, requirementLine(main.name, main.version)],
    ...(commit !== undefined && { commit }),
    ...(index !== undefined && { index }),
  };
}

/** Versions as they stand on a command line. Throws UsageError. */
export async function wantedVersions(args: readonly string[], tell: Tell): Promise<Wanted> {
  const requirements = await Promise.all(args.map((text) => parseRequirement(text, tell)));
  const names = requirements.map(({ project }) => normaliseName(project));
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) throw new UsageError(`${twice} is asked for twice`);
  return {
    requirements,
    runs: [requirements.map(({ name, version }) => requirementLine(name, version)).join("\n")],
  };
}

/**
 * The fields project, version and commit: of the requirement that is the record's project; of the first one
 * where the record has no project. Throws Failure "disagreement".
 */
export async function deployed(wanted: Wanted, record: RecordWith<"project" | "version" | "commit">) {
  const same =
    (name: string) =>
    ({ project }: Requirement) =>
      normaliseName(project) === normaliseName(name);
  const { project, version, commit } = record;
  const main = project === undefined ? wanted.requirements[0] : wanted.requirements.find(same(project));
  if (!main) return {};
  if (version !== undefined && (await readVersion(version))?.version !== main.version)
    throw new Failure(
      "disagreement",
      `the record says ${main.project} ${version}, es-pip is told ${main.version}`,
    );
  if (commit !== undefined && wanted.commit !== undefined && commit !== wanted.commit)
    throw new Failure("disagreement", `the record says commit ${commit}, the release says ${wanted.commit}`);
  return {
    project: project ?? main.project,
    version: main.version,
    ...(wanted.commit && { commit: wanted.commit }),
  };
}
