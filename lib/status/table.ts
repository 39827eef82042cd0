// What es-status shows to people: a line for each virtualenv of each host, or for each change of the history.

import { printable } from "../base/printable.js";
import type { Deed, RecordWith, VenvStatus } from "../base/schema.js";
import { hasFailed, labelOf, renderColumns } from "../stream/table.js";

type Row = Record<string, unknown>;
type Cells = { [title: string]: string };

/** Bytes for people: 512K, 94M, 1.5G. */
export function size(bytes: number): string {
  const units = ["B", "K", "M", "G", "T"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 2 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

function counted(venv: VenvStatus): string {
  if (venv.supervisor === "silent") return "supervisord does not answer";
  const counts = new Map<string, number>();
  for (const { state } of venv.processes) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

function portsOf({ processes }: VenvStatus): string {
  const ports = processes.flatMap(({ port }) => port ?? []).sort((a, b) => a - b);
  const [first] = ports;
  const last = ports.at(-1);
  if (first === undefined || last === undefined) return "";
  const inOneRow = ports.length > 2 && last - first === ports.length - 1;
  return inOneRow ? `${first}-${last}` : ports.join(" ");
}

/** Not all where there are very many. */
function firstOf(words: readonly string[], most = 10): string {
  const more = words.length - most;
  return [...words.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join(" ");
}

/** What somebody has to see to. */
export function notesOn(venv: VenvStatus): string[] {
  const { marks, held, state, strays, started, generation, version, bad } = venv;
  return [
    ...(bad === undefined ? [] : [`${version} is ${bad}`]),
    ...(held === undefined ? [] : [`locked by ${held}`]),
    ...(state === "marked"
      ? [`half-done: ${marks.join(", ")}${held === undefined ? " was cut short" : ""}`]
      : []),
    ...(state === "broken" ? ["its python does not run"] : []),
    ...(strays.length === 0 ? [] : [`strays: ${firstOf(strays.map(({ pid }) => String(pid)))}`]),
    ...(started !== null && started !== generation ? ["changed since its processes were started"] : []),
  ];
}

function lineOf(record: Row, venv: VenvStatus): Cells {
  const { live } = record as RecordWith<"live">;
  const history = (record as RecordWith<"history">).history ?? [];
  const last = history.findLast((deed) => deed.venv === venv.name);
  return {
    HOST: labelOf(record),
    VENV: live === venv.name ? `${venv.name} (live)` : venv.name,
    VERSION: venv.version ?? "",
    PYTHON: venv.python ?? "",
    PROCESSES: counted(venv),
    PORTS: portsOf(venv),
    CPU: venv.cpu === null || venv.processes.length === 0 ? "" : `${venv.cpu.toFixed(1)}%`,
    MEMORY: venv.memory === null || venv.memory === 0 ? "" : size(venv.memory),
    LAST: last ? `${last.at} ${last.step}` : "",
    NOTES: notesOn(venv).join("; "),
  };
}

/** What stands for a host that has no virtualenv to show. */
function lineWithout(record: Row): Cells {
  const { error, venvs } = record as RecordWith<"error" | "venvs">;
  const note = error ? `${error.code}: ${error.message}` : venvs ? "no virtualenv" : "";
  return { HOST: labelOf(record), NOTES: note };
}

/** A table of lines that leaves out columns in which nothing stands. */
function render(lines: readonly Cells[], titles: readonly string[]): string {
  const columns = titles.map((title) => ({
    title,
    cells: lines.map((cells) => printable(cells[title] ?? "")),
  }));
  return renderColumns(columns.filter(({ cells }) => cells.some(Boolean)));
}

// biome-ignore format: one line
const venvTitles = ["HOST", "LOAD", "VENV", "VERSION", "PYTHON", "PROCESSES", "PORTS", "CPU", "MEMORY", "LAST", "NOTES"];

/** A line for each virtualenv; the load of a host stands in its first line. */
export function renderStatus(records: readonly Row[]): string {
  const lines = records.flatMap((record) => {
    // What an earlier look found may be no longer so; of a failed record, other fields may be of any kind.
    if (hasFailed(record)) return [lineWithout(record)];
    const { venvs = [], system } = record as RecordWith<"venvs" | "system">;
    const own = venvs.length === 0 ? [lineWithout(record)] : venvs.map((venv) => lineOf(record, venv));
    const load = system?.load[0];
    if (load !== undefined) own[0] = { ...own[0], LOAD: `${load.toFixed(2)}/${system?.cpus ?? "?"}` };
    return own;
  });
  return render(lines, venvTitles);
}

function lineOfDeed(record: Row, deed: Deed): Cells {
  return {
    HOST: labelOf(record),
    AT: deed.at,
    WHO: `${deed.user}@${deed.from}`,
    VENV: deed.venv ?? "",
    STEP: deed.step,
    VERSION: deed.version ?? "",
    PROFILE: deed.profile ?? "",
    OUTCOME: deed.code ?? deed.outcome,
    CHANGES: deed.changes.join(", "),
  };
}

/** A line for each change of each host, the latest one last. */
export function renderHistory(records: readonly Row[]): string {
  const lines = records.flatMap((record) => {
    const { history = [], error } = record as RecordWith<"history" | "error">;
    if (error) return [{ HOST: labelOf(record), CHANGES: `${error.code}: ${error.message}` }];
    return history.map((deed) => lineOfDeed(record, deed));
  });
  return render(lines, ["HOST", "AT", "WHO", "VENV", "STEP", "VERSION", "PROFILE", "OUTCOME", "CHANGES"]);
}
