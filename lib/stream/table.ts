// Records as a table for people: a column appears when some record has something for it.

import { isObject } from "../base/json.js";
import { printable } from "../base/printable.js";
import type { RecordWith } from "../base/schema.js";
import { padded, width } from "../base/width.js";

type Row = Record<string, unknown>;

/** What a record is called in messages: its host, as it would be typed, or its project and version. */
export function labelOf(record: Row): string {
  if (typeof record.host === "string") {
    const user = typeof record.user === "string" ? `${record.user}@` : "";
    const port = typeof record.port === "number" ? `:${record.port}` : "";
    const host = port && record.host.includes(":") ? `[${record.host}]` : record.host;
    return `${user}${host}${port}`;
  }
  const name = [record.project, record.version].filter((part) => typeof part === "string").join(" ");
  return name === "" ? "record" : name;
}

/** True when a record says that it failed. */
export function hasFailed(record: Row): boolean {
  return Object.hasOwn(record, "error") && record.error !== null;
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
}

function result(record: RecordWith<"error" | "trace">): string {
  if (record.error) return `failed in ${record.error.step}: ${record.error.code}: ${record.error.message}`;
  const changed = (record.trace ?? []).filter((entry) => entry.changed).map((entry) => entry.step);
  return changed.length ? `ok, changed by ${[...new Set(changed)].join(" ")}` : "ok";
}

const columns: readonly (readonly [title: string, cell: (record: Row) => unknown])[] = [
  ["HOST", (record) => (record.host === undefined ? "" : labelOf(record))],
  ["VENV", (record) => (record as RecordWith<"venv">).venv?.name],
  ["PROJECT", (record) => record.project],
  ["VERSION", (record) => record.version],
  ["YANKED", (record) => (record.yanked === true ? "yanked" : "")],
  ["COMMIT", (record) => (record as RecordWith<"commit">).commit?.slice(0, 12)],
  [
    "FILES",
    (record) =>
      // In a host's record they only say how its version comes there.
      record.host === undefined
        ? (record as RecordWith<"files">).files?.map((file) => file.filename).join(" ")
        : "",
  ],
  [
    "PROCESSES",
    (record) => counted(((record as RecordWith<"processes">).processes ?? []).map((p) => p.state)),
  ],
  [
    "CHECKS",
    (record) => counted(((record as RecordWith<"checks">).checks ?? []).map((c) => (c.ok ? "ok" : "bad"))),
  ],
  ["SERVES", (record) => (record as RecordWith<"nginx">).nginx?.live],
  ["RESULT", (record) => result(record as RecordWith<"error" | "trace">)],
];

// A cell of a record with a field of an unexpected type stays empty; a table must never fail.
function cellText(cell: (record: Row) => unknown, record: Row): string {
  try {
    const value = cell(record);
    return value === undefined || value === null || isObject(value) ? "" : printable(String(value));
  } catch {
    return "";
  }
}

/** The columns that some record has something for; a cell for each record, in their order, safe for a terminal. */
export function columnsOf(records: readonly Row[]): { title: string; cells: string[] }[] {
  return columns
    .map(([title, cell]) => ({ title, cells: records.map((record) => cellText(cell, record)) }))
    .filter(({ cells }) => cells.some((text) => text !== ""));
}

/** Columns as a table, with a heading, each line ended. */
export function renderColumns(columns: readonly { title: string; cells: readonly string[] }[]): string {
  const shown = columns.map((column) => ({
    ...column,
    width: Math.max(width(column.title), ...column.cells.map(width)),
  }));
  const line = (texts: readonly string[]) =>
    `${texts
      .map((text, i) => padded(text, shown[i]?.width ?? 0))
      .join("  ")
      .trimEnd()}\n`;
  return [
    line(shown.map(({ title }) => title)),
    ...(shown[0]?.cells ?? []).map((_, row) => line(shown.map(({ cells }) => cells[row] ?? ""))),
  ].join("");
}

/** A table of records, with a heading, each line ended; empty text for no records. */
export function renderTable(records: readonly Row[]): string {
  return records.length === 0 ? "" : renderColumns(columnsOf(records));
}
