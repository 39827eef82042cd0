// A run as one page of HTML that needs nothing else: no script, no picture, no network.

import { duration } from "../base/duration.js";
import { printable, printableLines } from "../base/printable.js";
import { timestamp } from "../base/timestamp.js";
import { columnsOf, labelOf } from "../stream/table.js";
import { style } from "./style.js";
import {
  type Act,
  actsOf,
  type Ending,
  endingOf,
  type Row,
  type StepSummary,
  type Summary,
  sentenceOf,
  troubleOf,
} from "./summary.js";

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as it stands in HTML, also in an attribute's double quotes; control characters are escaped. */
function html(text: string): string {
  return printableLines(text).replace(/[&<>"]/g, (character) => entities[character] ?? "");
}

/** Seconds between the marks of the time line, so that there are at most eight of them. */
export function spacing(seconds: number): number {
  const nice = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  return nice.find((step) => seconds / step <= 8) ?? Math.ceil(seconds / 8 / 3600) * 3600;
}

/** Where times lie on the time line, in per cent of its width. */
class Scale {
  readonly #from: number;
  readonly #length: number;
  constructor({ from, to }: { from: number; to: number }) {
    this.#from = from;
    this.#length = Math.max(to - from, 1);
  }
  left(at: number): string {
    return `${(((at - this.#from) / this.#length) * 100).toFixed(2)}%`;
  }
  width(ms: number): string {
    return `${((ms / this.#length) * 100).toFixed(2)}%`;
  }
  /** The marks above the time line, and how many seconds after the beginning each is. */
  marks(): string {
    const seconds = this.#length / 1000;
    const step = spacing(seconds);
    const count = Math.floor(seconds / step) + 1;
    return Array.from({ length: count }, (_, i) => i * step)
      .map((at) => `<i style="left:${this.left(this.#from + at * 1000)}">${duration(at * 1000)}</i>`)
      .join("");
  }
}

function bar(act: Act, scale: Scale): string {
  const kind = act.code === undefined ? (act.changed ? "changed" : "same") : "bad";
  const said = `${act.step}: ${act.code ?? (act.changed ? "changed" : "nothing to change")}, ${duration(act.ms)}`;
  const place = `left:${scale.left(act.from)};width:${scale.width(act.ms)}`;
  return `<b class="${kind}" style="${place}" title="${html(said)}"></b>`;
}

function line(record: Row, cells: readonly string[], scale: Scale | undefined): string {
  const bars = scale
    ? actsOf(record)
        .filter(({ code }) => code !== "not-attempted")
        .map((act) => bar(act, scale))
    : [];
  return `<tr class="${endingOf(record)}">${cells.map((cell) => `<td>${html(cell)}</td>`).join("")}<td class="time"><div>${bars.join("")}</div></td></tr>`;
}

/** Failed ones first, then those that nothing was begun on, then the others; each in their order. */
function sorted(records: readonly Row[]): Row[] {
  const order: readonly Ending[] = ["failed", "untouched", "changed", "ok"];
  const ended = records.map((record) => ({ record, ending: endingOf(record) }));
  return order.flatMap((one) => ended.filter(({ ending }) => ending === one).map(({ record }) => record));
}

function recordTable(records: readonly Row[], summary: Summary): string {
  const rows = sorted(records);
  const columns = columnsOf(rows);
  const scale = summary.span && new Scale(summary.span);
  return `<table class="records"><thead><tr>${columns.map(({ title }) => `<th>${title}</th>`).join("")}<th class="time"><div>${scale?.marks() ?? ""}</div></th></tr></thead><tbody>
${rows
  .map((record, index) =>
    line(
      record,
      columns.map(({ cells }) => cells[index] ?? ""),
      scale,
    ),
  )
  .join("\n")}
</tbody></table>`;
}

function failure(record: Row): string {
  const trouble = troubleOf(record);
  if (!trouble) return "";
  const said = `<strong>${html(labelOf(record))}</strong> ${html(`${trouble.step}: ${trouble.code}: ${trouble.message}`)}`;
  return trouble.stderr.trim() === ""
    ? `<li>${said}</li>`
    : `<li><details><summary>${said}</summary><pre>${html(trouble.stderr)}</pre></details></li>`;
}

function failures(records: readonly Row[]): string {
  const failed = records.filter((record) => endingOf(record) === "failed");
  return failed.length === 0 ? "" : `<h2>What failed</h2>\n<ul>\n${failed.map(failure).join("\n")}\n</ul>\n`;
}

function stepLine({ step, records, changed, failed, median, most, slowest }: StepSummary): string {
  const cells = [step, records, changed, failed, duration(median), `${duration(most)} (${slowest})`];
  return `<tr>${cells.map((cell) => `<td>${html(String(cell))}</td>`).join("")}</tr>`;
}

function stepTable({ steps }: Summary): string {
  if (steps.length === 0) return "";
  const titles = ["STEP", "RECORDS", "CHANGED", "FAILED", "MEDIAN", "LONGEST"];
  return `<h2>Steps</h2>
<table><thead><tr>${titles.map((title) => `<th>${title}</th>`).join("")}</tr></thead><tbody>
${steps.map(stepLine).join("\n")}
</tbody></table>
`;
}

/** One choice of which records are shown; the style sheet hides the others. */
function choice(name: string, count: number): string {
  return `<label><input type="radio" name="show" id="${name}"${name === "all" ? " checked" : ""}>${name} (${count})</label>`;
}

function choices({ records, failed, changed, untouched }: Summary): string {
  const counts = { all: records, failed, untouched, changed };
  return `<form>${Object.entries(counts)
    .filter(([name, count]) => name === "all" || count > 0)
    .map(([name, count]) => choice(name, count))
    .join(" ")}</form>`;
}

function titleOf(records: readonly Row[]): string {
  const names = records.map(({ project, version }) =>
    [project, version].filter((part) => typeof part === "string").join(" "),
  );
  const distinct = [...new Set(names)].filter((name) => name !== "");
  return distinct.length === 1 ? `${distinct[0]}` : "essay";
}

/** The page: summary, what failed with its output, each step's times, and the time line of every record. */
export function renderHtml(records: readonly Row[], summary: Summary): string {
  const title = html(printable(titleOf(records)));
  const when = summary.span
    ? `${timestamp(summary.span.from)}, ${duration(summary.span.to - summary.span.from)}`
    : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>
${style}</style>
</head>
<body>
<h1>${title}</h1>
<p>${html(sentenceOf(summary))}</p>
<p>${when}</p>
${stepTable(summary)}${failures(records)}<h2>Time line</h2>
<p class="legend">each bar is a step: <b class="changed"></b> changed something <b class="same"></b> nothing to change <b class="bad"></b> failed</p>
${choices(summary)}
${recordTable(records, summary)}
</body>
</html>
`;
}
