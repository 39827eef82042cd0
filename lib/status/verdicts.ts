// Verdicts: which versions of a project are not to be released again on a host, and why, as people have said.

import { isObject, jsonLines } from "../base/json.js";
import { printable } from "../base/printable.js";

/** What was said of a version. */
export interface Verdict {
  /** In its normal form (PEP 503). */
  project: string;
  /** In its normal form (PEP 440). */
  version: string;
  verdict: "bad" | "good";
  why?: string;
  /** When: RFC 3339, UTC. */
  at: string;
  /** Who, and on which machine: "ann@control". */
  by: string;
}

/** A reason has so many characters at most. */
const longestReason = 300;

/** A reason as it is kept: on one line, and not too long. */
export function shortReason(text: string): string {
  const line = printable(text.trim().replace(/\s+/g, " ").toWellFormed());
  return line.length > longestReason ? `${line.slice(0, longestReason)}...` : line;
}

/**
 * A verdict as a line of JSON, in three parts: which version it is about, what it says, and the rest. Two lines of which
 * the first two parts are the same say the same.
 */
export function verdictLine(verdict: Verdict): [about: string, says: string, rest: string] {
  const { project, version, at, by } = verdict;
  const part = (value: { [name: string]: string }) => JSON.stringify(value).slice(1, -1);
  const says = { verdict: verdict.verdict, ...(verdict.why !== undefined && { why: verdict.why }) };
  return [`{${part({ project, version })},`, `${part(says)},"at":`, `${JSON.stringify(at)},${part({ by })}}`];
}

function isVerdict(value: unknown): value is Verdict {
  if (!isObject(value)) return false;
  const texts = ["project", "version", "at", "by"].every((name) => typeof value[name] === "string");
  const why = value.why === undefined || typeof value.why === "string";
  return texts && why && (value.verdict === "bad" || value.verdict === "good");
}

/** The verdicts of a host's file, line by line. */
export const readVerdicts = (lines: readonly string[]): Verdict[] => jsonLines(lines, isVerdict);

/** Why a version is bad: the last verdict on it, if that says so. Names and versions are in their normal forms. */
export function badVerdict(
  verdicts: readonly Verdict[],
  project: string,
  version: string,
): Verdict | undefined {
  const last = verdicts.findLast((one) => one.project === project && one.version === version);
  return last?.verdict === "bad" ? last : undefined;
}

/** For people: "marked bad by ann@control on 2026-01-31T08:00:00Z: loses mail". */
export function describeBad({ by, at, why }: Verdict): string {
  return `marked bad by ${by} on ${at}${why === undefined ? "" : `: ${why}`}`;
}
