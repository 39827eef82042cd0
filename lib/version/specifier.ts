// What is fetched: distributions with the versions that will do (PEP 508 and PEP 440), and nothing that pip could read
// as a path, a URL or a flag.

import { isProjectName } from "../base/distribution.js";
import { UsageError } from "../base/failure.js";
import { readVersion } from "./label.js";
import { sortsAbove, versionParts } from "./pep440.js";

/** A distribution and the versions of it that will do. */
export interface Specifier {
  /** The distribution alone, as it was typed. */
  project: string;
  /** With its extras: `celery[redis]`. */
  name: string;
  /** The only version that will do, in normal form; undefined where pip has the choice. */
  exact: string | undefined;
  /** As a requirements file has it. */
  text: string;
}

const shape = /^([A-Za-z0-9._-]+)\s*(\[[A-Za-z0-9._, -]*\])?\s*(.*)$/s;
const clause = /^(===?|~=|!=|<=|>=|<|>)\s*([A-Za-z0-9.!+_-]+(?:\.\*)?)$/;

function notOne(text: string): UsageError {
  return new UsageError(
    `${JSON.stringify(text)} is neither NAME nor NAME with versions, such as NAME==1.0 or NAME>=1.0,<2`,
  );
}

/**
 * Reads `NAME`, `NAME==VERSION` or `NAME[EXTRA]>=VERSION,<VERSION`. `tell` hears of a version that is read otherwise
 * than it is written. Throws UsageError.
 */
export async function parseSpecifier(text: string, tell: (note: string) => void): Promise<Specifier> {
  const [, project = "", extras = "", rest = ""] = shape.exec(text.trim()) ?? [];
  if (!isProjectName(project)) throw notOne(text);
  const name = `${project}${extras.replaceAll(" ", "")}`;
  const clauses: string[] = [];
  const exact: string[] = [];
  for (const part of rest.trim() === "" ? [] : rest.split(",")) {
    const [, operator = "", typed = ""] = clause.exec(part.trim()) ?? [];
    const wildcard = typed.endsWith(".*");
    const read = await readVersion(wildcard ? typed.slice(0, -2) : typed);
    if (!read || (wildcard && !/^[=!]=$/.test(operator))) throw notOne(text);
    if (read.note !== undefined) tell(read.note);
    clauses.push(`${operator}${read.version}${wildcard ? ".*" : ""}`);
    if (/^===?$/.test(operator) && !wildcard) exact.push(read.version);
  }
  return { project, name, exact: exact[0], text: `${name}${clauses.join(",")}` };
}

/** Of these versions the one that is `exact` (1.0 is 1.0.0, but not 1.0+fixbug), as it is written there. */
export async function findExact(exact: string, versions: Iterable<string>): Promise<string | undefined> {
  for (const version of versions) {
    if (!(await versionParts(version))) continue;
    if (!(await sortsAbove(version, exact)) && !(await sortsAbove(exact, version))) return version;
  }
  return undefined;
}

/** True when a version is one of those that a list of clauses allows (`>=3.8,<4`); false for clauses that are none. */
export async function allows(clauses: string, version: string): Promise<boolean> {
  const { satisfies, validRange } = await import("@renovatebot/pep440");
  return clauses.trim() === "" || (validRange(clauses) && satisfies(version, clauses, { prereleases: true }));
}
