// A run as Markdown (GitHub's tables): for the page of a CI job, a chat or an issue.

import { printable, printableLines } from "../base/printable.js";
import { columnsOf, labelOf } from "../stream/table.js";
import { type Row, type Summary, sentenceOf, troubleOf } from "./summary.js";

/** Text that Markdown and HTML leave as it is. */
function plain(text: string): string {
  return text.replace(/[\\`*_[\]<>|~&#]/g, (character) =>
    character === "<" || character === "&" ? `&#${character.charCodeAt(0)};` : `\\${character}`,
  );
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function table(records: readonly Row[]): string[] {
  const columns = columnsOf(records);
  return [
    row(columns.map(({ title }) => title.charAt(0) + title.slice(1).toLowerCase())),
    row(columns.map(() => "---")),
    ...records.map((_, index) => row(columns.map(({ cells }) => plain(cells[index] ?? "")))),
  ];
}

/** The end of what a failed step said, in a fence that the text cannot close. */
function output(record: Row): string[] {
  const stderr = printableLines(troubleOf(record)?.stderr.trimEnd() ?? "");
  if (stderr === "") return [];
  const longest = Math.max(2, ...[...stderr.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return ["", `**${plain(printable(labelOf(record)))}**`, "", fence, stderr, fence];
}

/** The summary, a table with the failed records first, and the output of those that failed. */
export function renderMarkdown(records: readonly Row[], summary: Summary): string {
  const failed = records.filter((record) => troubleOf(record) !== undefined);
  const well = records.filter((record) => troubleOf(record) === undefined);
  return [plain(sentenceOf(summary)), "", ...table([...failed, ...well]), ...failed.flatMap(output), ""].join(
    "\n",
  );
}
