// What es-doctor finds, and how it shows it to people.

import { printable } from "../base/printable.js";

/** One thing that was looked at. */
export interface Finding {
  /** "here", or the host. */
  where: string;
  /** What was looked at, in a word or two: "git", "disk". */
  check: string;
  /** "note": nothing is wrong, but somebody may wonder, or will need it later. */
  verdict: "ok" | "note" | "wrong";
  /** What is so. */
  found: string;
  /** What to do about it; never with "ok". */
  advice?: string;
}

/** Makes findings about one place. */
export function findingsOf(where: string) {
  const make = (verdict: Finding["verdict"]) => (check: string, found: string, advice?: string) => ({
    ...{ where, check, verdict, found },
    ...(advice !== undefined && { advice }),
  });
  return {
    ok: make("ok") as (check: string, found: string) => Finding,
    note: make("note") as (check: string, found: string, advice: string) => Finding,
    wrong: make("wrong") as (check: string, found: string, advice: string) => Finding,
  };
}

/** Finding by finding, each with its advice below it, and a last line that sums them up; safe for a terminal. */
export function renderFindings(findings: readonly Finding[]): string {
  const width = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const places = width(findings.map(({ where }) => where));
  const checks = width(findings.map(({ check }) => check));
  const lines = findings.flatMap(({ where, check, verdict, found, advice }) => {
    const head = `${verdict.padEnd(5)}  ${where.padEnd(places)}  ${check.padEnd(checks)}  `;
    const text = `${head}${printable(found)}`;
    return advice === undefined ? [text] : [text, `${" ".repeat(head.length)}-> ${printable(advice)}`];
  });
  const count = (verdict: string) => findings.filter((one) => one.verdict === verdict).length;
  const [wrong, notes] = [count("wrong"), count("note")];
  const sum =
    wrong === 0 ? "all is well" : `${wrong} of ${findings.length} ${wrong === 1 ? "is" : "are"} wrong`;
  const also = notes === 0 ? "" : `, ${notes} to take note of`;
  return `${[...lines, `${sum}${also}`].join("\n")}\n`;
}
