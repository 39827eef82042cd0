// Names of distributions and of their files: PEP 503, PEP 427, PEP 625.

/** The form in which names are compared (PEP 503): "Essay_Demo.x" is "essay-demo-x". */
export function normalName(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}

/** True for what the core metadata specification allows as a name. */
export function isProjectName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(text);
}

/** `NAME-VERSION`, as the file of an sdist and the folder in it begin (PEP 625); the version in normal form. */
export function sdistStem(name: string, version: string): string {
  return `${normalName(name).replaceAll("-", "_")}-${version}`;
}

/** What the name of a distribution's file says. Name and version stand as written there. */
export interface FileName {
  kind: "sdist" | "wheel";
  name: string;
  version: string;
}

const ends = /\.(tar\.gz|tar\.bz2|tar\.xz|tgz|zip)$/i;

/**
 * Reads a file name; undefined for what is neither wheel nor sdist. In names of old sdists it cannot be seen
 * where the version begins (`a-b-1.0.tar.gz`, `a-1.0-1.tar.gz`); with `project` the part that is the same
 * name is taken, without it the last `-` followed by a digit counts.
 */
export function parseFileName(filename: string, project?: string): FileName | undefined {
  if (filename.endsWith(".whl")) {
    const parts = filename.slice(0, -4).split("-");
    const [name, version] = parts;
    if (!name || !version || parts.length < 5 || parts.length > 6) return undefined;
    return { kind: "wheel", name, version };
  }
  if (!ends.test(filename)) return undefined;
  const stem = filename.replace(ends, "");
  const dashes = [...stem.matchAll(/-/g)].map(({ index }) => index);
  const cut =
    project === undefined
      ? dashes.findLast((at) => /^\d/.test(stem.slice(at + 1)))
      : dashes.find((at) => normalName(stem.slice(0, at)) === normalName(project));
  if (cut === undefined || cut === 0 || cut === stem.length - 1) return undefined;
  return { kind: "sdist", name: stem.slice(0, cut), version: stem.slice(cut + 1) };
}
