// What a release writes into the files of its commit: placeholders, and the version of pyproject.toml.

import { isDeepStrictEqual } from "node:util";
import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { didYouMean } from "../base/nearest.js";
import { parseToml } from "../base/toml.js";

/** What the placeholders stand for. */
export interface Release {
  /** PEP 440, normal form: ${version} */
  version: string;
  /** Full id: ${git_version} */
  commit: string;
  /** RFC 3339, UTC: ${release_time}; undefined where the record does not say it. */
  released: string | undefined;
}

/** Import packages at the top of the tree or under src/, by their `__init__.py`. */
function importPackages(paths: readonly string[]): string[] {
  return paths.flatMap((path) => /^((?:src\/)?[^/]+)\/__init__\.py$/.exec(path)?.[1] ?? []);
}

/**
 * The files of a project in which placeholders are rendered; `settings` are the configuration's further ones.
 * The import package may be named otherwise than the project, so that of every package counts. Throws Failure
 * "no-file" for one of `settings` that is not there.
 */
export function renderedFiles(paths: readonly string[], settings: readonly string[]): Set<string> {
  const there = new Set(paths);
  const own = importPackages(paths).flatMap((name) => [
    `${name}/settings.py`,
    `${name}/settings/__init__.py`,
  ]);
  const wanted = ["setup.py", "pyproject.toml", ...own].filter((path) => there.has(path));
  const further = settings.map((path) => path.replace(/^\.\//, ""));
  for (const path of further)
    if (!there.has(path))
      throw new Failure(
        "no-file",
        `build.settings names ${path}, which the commit does not have${didYouMean(path, paths)}`,
      );
  return new Set([...wanted, ...further]);
}

function meaning(name: string, release: Release, path: string): string | undefined {
  if (name === "version") return release.version;
  if (name === "git_version") return release.commit;
  if (name !== "release_time") return undefined;
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(release.released ?? "") ?? [];
  if (day && time) return `${day} ${time}`;
  throw new Failure(
    "bad-record",
    `${path} has the placeholder \${release_time}, but the record's field released is ${release.released ?? "missing"}: it must be a time in UTC such as 2026-11-21T08:00:00Z`,
  );
}

/**
 * The bytes of a file with its placeholders filled in. Names in capitals, such as ${HOME}, are no placeholders
 * and stay; any other name that is none of ours is a mistyped one: Failure "unknown-placeholder".
 */
export function renderFile(path: string, content: Buffer, release: Release): Buffer {
  // Byte for byte: a Python file may have any encoding, and every value is ASCII.
  const text = content.toString("latin1");
  const rendered = text.replace(/\$\{([a-z][a-z0-9_]*)\}/g, (whole, name: string, offset: number) => {
    const value = meaning(name, release, path);
    if (value !== undefined) return value;
    const line = text.slice(0, offset).split("\n").length;
    const hint = didYouMean(name, ["version", "git_version", "release_time"]);
    throw new Failure(
      "unknown-placeholder",
      `${path}:${line}: ${whole} is no placeholder of a release${hint} (known are \${version}, \${git_version} and \${release_time})`,
    );
  });
  return Buffer.from(rendered, "latin1");
}

/** Files that often tell a version; a placeholder in one that is not rendered would be shipped as it is. */
export function versionFiles(paths: readonly string[]): Set<string> {
  const names = ["__init__", "__about__", "__version__", "_version", "version"];
  const inPackages = importPackages(paths).flatMap((folder) => names.map((name) => `${folder}/${name}.py`));
  return new Set(["setup.cfg", ...inPackages]);
}

/** Throws Failure "unrendered" when the content of a file that is not rendered has a placeholder. */
export function checkUnrendered(path: string, content: Buffer): void {
  const [found] = /\$\{(version|git_version|release_time)\}/.exec(content.toString("latin1")) ?? [];
  if (found)
    throw new Failure(
      "unrendered",
      `${path} has the placeholder ${found}, but is not rendered: add it to build.settings of essay.toml`,
    );
}

/** A parsed pyproject.toml. Throws Failure "bad-pyproject". */
export async function parsePyproject(text: string): Promise<Record<string, unknown>> {
  const read = await parseToml(text);
  if ("document" in read) return read.document;
  throw new Failure("bad-pyproject", `pyproject.toml:${read.line}: ${read.reason}`);
}

/**
 * A pyproject.toml whose static `project.version` (PEP 621) is `version`; every other byte stays. One without a
 * static version stays as it is. Throws Failure "bad-pyproject".
 */
export async function setProjectVersion(text: string, version: string): Promise<string> {
  const wanted = await parsePyproject(text);
  const { project } = wanted;
  if (!isObject(project) || typeof project.version !== "string" || project.version === version) return text;
  const before = project.version;
  project.version = version;
  // A value may stand under [project], in an inline table or behind a dotted key; the parser decides which
  // `version = "..."` of the text is the project's.
  const candidates = [...text.matchAll(/(version["']?\s*=\s*)("[^"\n]*"|'[^'\n]*')/g)]
    // Each one has the whole file parsed again.
    .slice(0, 1000);
  for (const found of candidates) {
    const start = found.index + (found[1]?.length ?? 0);
    const changed = `${text.slice(0, start)}"${version}"${text.slice(found.index + found[0].length)}`;
    if (isDeepStrictEqual(await parsePyproject(changed).catch(() => undefined), wanted)) return changed;
  }
  throw new Failure(
    "bad-pyproject",
    `cannot set project.version in pyproject.toml: write it as version = "${before}" on a line of its own under [project]`,
  );
}
