// What is installed: distributions at exact versions, and nothing that pip could read as anything else.

import { isProjectName } from "../base/distribution.js";
import { UsageError } from "../base/failure.js";
import { readVersion } from "./label.js";

/** A distribution at one version. */
export interface Requirement {
  /** With its extras: `celery[redis]`. */
  name: string;
  /** The distribution alone, as it was typed. */
  project: string;
  /** PEP 440 normal form. */
  version: string;
}

/**
 * Reads `NAME==VERSION` or `NAME[EXTRA,...]==VERSION` (PEP 508). `tell` hears of a version that is read otherwise
 * than it is written (`1.0-fixbug`). Throws UsageError.
 */
export async function parseRequirement(text: string, tell: (note: string) => void): Promise<Requirement> {
  const [, project = "", extras = "", typed = ""] =
    /^([A-Za-z0-9._-]+)\s*(\[[A-Za-z0-9._, -]+\])?\s*===?\s*([A-Za-z0-9.!+_-]+)$/.exec(text.trim()) ?? [];
  const read = await readVersion(typed);
  if (!isProjectName(project) || !read)
    throw new UsageError(`${JSON.stringify(text)} is not NAME==VERSION with a version that PEP 440 knows`);
  if (read.note !== undefined) tell(read.note);
  return { name: `${project}${extras.replaceAll(" ", "")}`, project, version: read.version };
}

/**
 * A line for a requirements file. `===`, because `==1.0` would also take `1.0+fixbug` (PEP 440, "Version
 * matching"). Where hashes are given, only files with one of them are installed (pip, "Hash-checking mode").
 */
export function requirementLine(name: string, version: string, sha256: readonly string[] = []): string {
  return [`${name}===${version}`, ...sha256.map((hash) => `--hash=sha256:${hash}`)].join(" ");
}
