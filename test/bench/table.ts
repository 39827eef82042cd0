// The results as a table in Markdown.

import { holds, type Result } from "./comparison.js";

const heading = ["what", "against", "ours", "theirs", "ratio", "least to most", "at most", ""];

function verdict(result: Result): string {
  if (result.ratio <= result.comparison.budget) return "holds";
  return holds(result) ? "exceeded, not yet binding" : "EXCEEDED";
}

function cells(result: Result): string[] {
  const { comparison, ours, theirs, ratio, spread } = result;
  const measure = (value: number) => `${value.toFixed(0)} ${comparison.unit ?? "ms"}`;
  return [
    comparison.what,
    comparison.against,
    measure(ours),
    measure(theirs),
    ratio.toFixed(2),
    spread.map((each) => each.toFixed(2)).join(" to "),
    String(comparison.budget),
    verdict(result),
  ];
}

/** The same as an object for JSON. */
export function plainResult({ comparison, ours, theirs, ratio, spread }: Result) {
  const { what, against, unit = "ms", pairs, budget, binding } = comparison;
  const [least, greatest] = spread;
  return { what, against, unit, pairs, ours, theirs, ratio, least, greatest, budget, binding };
}

/** A table with a line for each result, its columns aligned. */
export function renderResults(results: readonly Result[]): string {
  const rows = [heading, ...results.map(cells)];
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const [first = heading, ...rest] = rows;
  return [line(first), rule, ...rest.map(line)].join("\n");
}
