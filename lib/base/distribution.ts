// Names: of projects (PEP 503, PEP 508), of sdists (PEP 625 and before it) and of wheels (PEP 427).

export interface ParsedFilename {
  kind: "sdist" | "wheel";
  /** The project's name as the file name spells it. */
  name: string;
  /** The version as the file name spells it: PEP 440, not always in its normal form. */
  version: string;
}

// PEP 440, "Version specifiers": epoch, release, pre, post, dev and local part, each in any allowed spelling.
const versionShape =
  /^v?(\d+!)?\d+(\.\d+)*([-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?\d*)?(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$/i;
const projectShape = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i;

/** The one spelling of a project's name that all its spellings share (PEP 503): `Essay_Demo` is `essay-demo`. */
export function normaliseName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

export function isProjectName(text: string): boolean {
  return projectShape.test(text);
}

function parseSdist(stem: string, project: string | undefined): ParsedFilename | undefined {
  // Old names hold dashes: `my-pkg-1.0`. The project decides where its name ends; without one, the first
  // dash that a version follows.
  for (let dash = stem.indexOf("-"); dash > 0; dash = stem.indexOf("-", dash + 1)) {
    const [name, version] = [stem.slice(0, dash), stem.slice(dash + 1)];
    if (!isProjectName(name) || !versionShape.test(version)) continue;
    if (project === undefined || normaliseName(name) === project) return { kind: "sdist", name, version };
  }
  return undefined;
}

function parseWheel(stem: string): ParsedFilename | undefined {
  const parts = stem.split("-");
  const [name = "", written = "", build = ""] = parts;
  if (parts.length !== 5 && !(parts.length === 6 && /^\d/.test(build))) return undefined;
  const version = written.replaceAll("_", "-");
  if (!isProjectName(name) || !versionShape.test(version) || parts.includes("")) return undefined;
  return { kind: "wheel", name, version };
}

/**
 * What the name of a distribution file says, or undefined for anything that is no sdist and no wheel. With
 * `project`, only names of files of that project count, in whatever spelling.
 */
export function parseFilename(filename: string, project?: string): ParsedFilename | undefined {
  // No file system takes a longer name, and an index could have us try each of a million dashes.
  if (!/^[a-z0-9][a-z0-9._+!-]{0,254}$/i.test(filename)) return undefined;
  const wanted = project === undefined ? undefined : normaliseName(project);
  const wheel = /^(.+)\.whl$/.exec(filename)?.[1];
  const sdist = /^(.+)\.(tar\.gz|zip|tar\.bz2)$/.exec(filename)?.[1];
  const parsed = wheel ? parseWheel(wheel) : sdist ? parseSdist(sdist, wanted) : undefined;
  return parsed && (wanted === undefined || normaliseName(parsed.name) === wanted) ? parsed : undefined;
}

/**
 * The normalised names of all projects that a file may belong to, the likeliest first; none for what is no
 * distribution. Only old sdists are in doubt: `a-2-1.zip` is version 1 of `a-2`, or version 2-1 (2.post1) of `a`.
 */
export function projectsOf(filename: string): string[] {
  const first = parseFilename(filename);
  if (!first) return [];
  const names = new Set([normaliseName(first.name)]);
  if (first.kind === "sdist")
    for (let dash = filename.indexOf("-"); dash > 0; dash = filename.indexOf("-", dash + 1)) {
      const name = normaliseName(filename.slice(0, dash));
      if (parseFilename(filename, name)) names.add(name);
    }
  return [...names];
}

/** `NAME-VERSION`: how the file of an sdist, and the folder in it, begin (PEP 625); the version in normal form. */
export function sdistStem(name: string, version: string): string {
  return `${normaliseName(name).replaceAll("-", "_")}-${version}`;
}
