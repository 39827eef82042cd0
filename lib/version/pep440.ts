// Versions as PEP 440 says: which texts are versions, their normal form, and their order.

/** The parts of a version that the date schemes look at. */
export interface VersionParts {
  epoch: number;
  release: number[];
  /** An alpha, beta, candidate or development release. */
  unfinished: boolean;
}

interface Parsed extends VersionParts {
  /** Normal form without the local part. */
  public: string;
  /** The segments after `+`, in normal form. */
  local: (number | string)[];
}

// The package's own normal form joins a local version with commas and takes its segment `1e5` for a number
// (seen in 4.2.4), so the local part is read, written and compared here.
function localSegments(text: string): (number | string)[] {
  return text
    .toLowerCase()
    .split(/[-_.]/)
    .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}

async function parse(text: string): Promise<Parsed | undefined> {
  const { parse: read } = await import("@renovatebot/pep440");
  const trimmed = text.trim();
  const [bare = "", local] = trimmed.split(/\+(.*)/s);
  if (!read(trimmed)) return undefined;
  const found = read(bare);
  if (!found) return undefined;
  const { epoch, release, pre, post, dev } = found;
  const segments = local === undefined ? [] : localSegments(local);
  const numbers = [epoch, ...release, ...(pre ?? []), ...(post ?? []), ...(dev ?? []), ...segments];
  // A number that JavaScript would round cannot be told from its neighbours.
  if (numbers.some((part) => typeof part === "number" && !Number.isSafeInteger(part))) return undefined;
  const suffix = [pre?.join(""), post && `.${post.join("")}`, dev && `.${dev.join("")}`].filter(Boolean);
  return {
    epoch,
    release,
    unfinished: Boolean(pre || dev),
    public: `${epoch ? `${epoch}!` : ""}${release.join(".")}${suffix.join("")}`,
    local: segments,
  };
}

/** PEP 440, local version identifiers: numbers above words, a longer one above its beginning. */
function compareLocal(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    if (left === right) continue;
    if (typeof left !== typeof right) return typeof left === "number" ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function normalForm({ public: released, local }: Parsed): string {
  return local.length ? `${released}+${local.join(".")}` : released;
}

/** The normal form of a version ("v6.11.21.01-RC1" is "6.11.21.1rc1"), or undefined for what is none. */
export async function normalVersion(text: string): Promise<string | undefined> {
  const parsed = await parse(text);
  return parsed && normalForm(parsed);
}

/** The parts of a version, or undefined for what is none. */
export async function versionParts(text: string): Promise<VersionParts | undefined> {
  return parse(text);
}

async function compare(a: Parsed, b: Parsed): Promise<number> {
  const { compare: comparePublic } = await import("@renovatebot/pep440");
  return comparePublic(a.public, b.public) || compareLocal(a.local, b.local);
}

/** True when `a` sorts above `b`. Throws TypeError for what is no version. */
export async function sortsAbove(a: string, b: string): Promise<boolean> {
  const [left, right] = [await parse(a), await parse(b)];
  if (!left || !right) throw new TypeError(`${left ? b : a} is not a version`);
  return (await compare(left, right)) > 0;
}

/** The versions in normal form, each once, the lowest first; what is no version is left out. */
export async function sortedVersions(texts: Iterable<string>): Promise<string[]> {
  const all = new Map<string, Parsed>();
  for (const text of texts) {
    const parsed = await parse(text);
    if (parsed) all.set(normalForm(parsed), parsed);
  }
  const { compare: comparePublic } = await import("@renovatebot/pep440");
  return [...all]
    .sort(([, a], [, b]) => comparePublic(a.public, b.public) || compareLocal(a.local, b.local))
    .map(([version]) => version);
}

/** The version that is highest, in normal form; what is no version is passed over. */
export async function highestVersion(texts: Iterable<string>): Promise<string | undefined> {
  return (await sortedVersions(texts)).at(-1);
}

/** The version that pip would take for the newest: the highest finished one, otherwise the highest. */
export async function newestVersion(texts: Iterable<string>): Promise<string | undefined> {
  const all = await sortedVersions(texts);
  const finished: string[] = [];
  for (const version of all) if ((await versionParts(version))?.unfinished === false) finished.push(version);
  return finished.at(-1) ?? all.at(-1);
}
