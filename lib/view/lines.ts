// The live view as lines of text: a function of what is known, the size of the terminal, and the time.

import { duration } from "../base/duration.js";
import { printable } from "../base/printable.js";
import { cut, padded, width } from "../base/width.js";
import { type Board, type Cell, type Row, type State, troubleOf } from "./board.js";

/** Characters in a line, and lines. */
export interface Size {
  columns: number;
  rows: number;
}

/** A line for a terminal, without control characters. */
export interface Line {
  text: string;
  /** It tells of a failure. */
  bad?: true;
}

/** What is shown above the hosts. */
export interface Heading {
  /** The command that runs. */
  title: string;
  /** When it began, by the clock of `now`. */
  began: number;
  /** A signal that has come. */
  signal?: string | undefined;
}

const gap = "  ";
/** Fewer columns for what a step said are not worth having. */
const leastSaid = 16;
/** A host's name takes no more than that, where the terminal is wider. */
const longestHost = 40;

/** The states of which one sees more first. */
const order: readonly State[] = ["failed", "cancelled", "not begun", "working", "waiting", "done"];

const inWords: Record<State, string> = {
  failed: "failed",
  cancelled: "cancelled",
  "not begun": "not begun",
  working: "at work",
  waiting: "waiting",
  done: "done",
};

/** Hosts of each state, of some of them. */
function counted(states: readonly State[], words = inWords): string {
  return order
    .map((state) => ({ word: words[state], count: states.filter((one) => one === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`)
    .join(", ");
}

/** The time, by the clock of the events; undefined when all is over. */
type Now = number | undefined;

/** What a cell says: how long it took, or takes so far. */
function cellText(cell: Cell | undefined, now: Now): string {
  if (cell === undefined) return "";
  if (cell.state === "working" && now === undefined) return "not ended";
  if (cell.state === "working") return `${Math.floor((Number(now) - cell.since) / 1000)} s ...`;
  return cell.code === undefined ? duration(cell.ms) : troubleOf(cell.code);
}

/** How wide the columns of a table are, if no line of it is cut. */
function widthsOf(titles: readonly string[], rows: readonly (readonly string[])[]): number[] {
  const widths = titles.map((title, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ""))));
  return [Math.min(widths[0] ?? 0, longestHost), ...widths.slice(1)];
}

/** A table, a cell of which is text: its last column is cut where the terminal ends. */
function table(titles: readonly string[], rows: readonly (readonly string[])[], columns: number): string[] {
  const last = titles.length - 1;
  const [host = 0, ...others] = widthsOf(titles, rows);
  const widths = [Math.min(host, Math.max(8, Math.floor(columns / 3))), ...others];
  return [titles, ...rows].map((row) =>
    cut(
      row
        .map((text, i) => (i === last ? text : padded(cut(text, widths[i] ?? 0), widths[i] ?? 0)))
        .join(gap)
        .trimEnd(),
      columns,
    ),
  );
}

/** Whether a terminal has room for a table, and for enough of what stands in its last column. */
function hasRoom(titles: readonly string[], rows: readonly (readonly string[])[], columns: number): boolean {
  const taken = widthsOf(titles, rows)
    .slice(0, -1)
    .reduce((sum, each) => sum + each + gap.length, 0);
  return taken + leastSaid < columns;
}

/** The hosts as a table, a line for each and one above: with a column for each step where the terminal has room. */
function hostTable(board: Board, rows: readonly Row[], columns: number, now: Now): string[] {
  const said = (row: Row) => (board.stateOf(row) === "failed" ? "" : printable(row.said));
  const wide = (names: readonly string[]) => ({
    titles: ["HOST", ...names, ""],
    cells: rows.map((row) => [
      printable(row.host),
      ...board.columns.map(({ key }) => cellText(row.cells.get(key), now)),
      said(row),
    ]),
  });
  const names = board.columns.map(({ step }) => step);
  // Room for the words that may come, lest the columns move about.
  const room = names.map((name) => padded(name, 9));
  const short = names.map((name) => name.replace(/^es-/, ""));
  for (const titles of [room, names, short]) {
    const tried = wide(titles);
    if (hasRoom(tried.titles, tried.cells, columns)) return table(tried.titles, tried.cells, columns);
  }
  const latest = (row: Row) => board.columns.findLast(({ key }) => row.cells.has(key));
  const cells = rows.map((row) => {
    const column = latest(row);
    const place = column ? `${board.columns.indexOf(column) + 1}/${board.columns.length} ${column.step}` : "";
    return [printable(row.host), place, cellText(column && row.cells.get(column.key), now), said(row)];
  });
  return table(["HOST", "STEP", "", ""], cells, columns);
}

/** Why a host failed; undefined for one that did not, or was only cancelled. */
function reason(board: Board, row: Row): string | undefined {
  if (board.stateOf(row) !== "failed" || !row.failed) return undefined;
  return `  ${printable(row.failed.step)}: ${printable(row.failed.code)}: ${printable(row.said)}`;
}

/** Rows by what one wants to see first. */
function sorted(board: Board, rows: readonly Row[], states: readonly State[]): Row[] {
  return states.flatMap((state) => rows.filter((row) => board.stateOf(row) === state));
}

/** All rows: those that something is wrong with, and then the others, in the order in which they came. */
function badFirst(board: Board): { bad: Row[]; others: Row[] } {
  const all = [...board.rows.values()];
  const bad = sorted(board, all, ["failed", "cancelled", "not begun"]);
  return { bad, others: all.filter((row) => !bad.includes(row)) };
}

/** Lines that a row takes: one more for why it failed. */
const height = (board: Board, row: Row) => (board.stateOf(row) === "failed" ? 2 : 1);

/** Rows that fit into a number of lines, in their order. */
function fitting(board: Board, rows: readonly Row[], lines: number): Row[] {
  let left = lines;
  return rows.filter((row) => {
    left -= height(board, row);
    return left >= 0;
  });
}

/** Those of all hosts that are shown in so many lines: failed ones first, but in half of them where others work. */
function chosen(board: Board, lines: number): Row[] {
  const { bad, others } = badFirst(board);
  const whole = [...bad, ...others];
  if (fitting(board, whole, lines).length === board.total) return whole;
  const working = sorted(board, others, ["working"]);
  // One line says how many are not shown.
  const kept = lines - 1;
  const first = fitting(board, bad, Math.max(Math.ceil(kept / 2), kept - working.length));
  const used = first.reduce((sum, row) => sum + height(board, row), 0);
  return [...first, ...fitting(board, sorted(board, others, ["working", "waiting", "done"]), kept - used)];
}

/** Lines of hosts, with the reasons of those that failed below them. */
function hostLines(
  board: Board,
  rows: readonly Row[],
  columns: number,
  now: Now,
  why: (text: string) => string,
): Line[] {
  const [head = "", ...lines] = hostTable(board, rows, columns, now);
  return [
    { text: head },
    ...lines.flatMap((text, i): Line[] => {
      const row = rows[i] as Row;
      const trouble = reason(board, row);
      if (trouble === undefined) return [board.stateOf(row) === "cancelled" ? { text, bad: true } : { text }];
      return [
        { text, bad: true },
        { text: why(trouble), bad: true },
      ];
    }),
  ];
}

function statesOf(board: Board): State[] {
  return [...board.rows.values()].map((row) => board.stateOf(row));
}

/** What is on the screen while the pipeline runs; never more lines, nor wider ones, than the terminal has room for. */
export function liveLines(board: Board, { title, began, signal }: Heading, size: Size, now: number): Line[] {
  // Behind its last character a line would be broken, and below the last line is the cursor's.
  const columns = Math.max(1, size.columns - 1);
  const most = Math.max(1, size.rows - 1);
  const states = statesOf(board);
  const done = states.filter((state) => state === "done").length;
  const unseen = Array<State>(board.total - states.length).fill("waiting");
  const rest = counted([...states.filter((state) => state !== "done"), ...unseen]);
  const seconds = Math.floor((now - began) / 1000);
  const counts =
    board.total === 0
      ? `starting, ${seconds} s`
      : `${done} of ${board.total} done${rest && `, ${rest}`}, ${seconds} s`;
  const lines: Line[] = [{ text: cut(printable(title), columns) }, { text: cut(counts, columns) }];
  if (signal !== undefined)
    lines.push({ text: cut(`${signal}: what runs is being ended`, columns), bad: true });
  // The line of titles is one more.
  const room = most - lines.length - 1;
  if (states.length > 0 && room > 0) {
    const rows = chosen(board, room);
    lines.push(...hostLines(board, rows, columns, now, (text) => cut(text, columns)));
    const hidden = [
      ...[...board.rows.values()].filter((row) => !rows.includes(row)).map((row) => board.stateOf(row)),
      ...unseen,
    ];
    if (hidden.length > 0)
      lines.push({
        text: cut(`and ${hidden.length} more: ${counted(hidden)}`, columns),
      });
  }
  return lines.slice(0, most);
}

/** What stays on the screen when the pipeline has ended: all hosts, failed ones on top, and why in whole. */
export function finalLines(board: Board, { title, began }: Heading, size: Size, now: number): Line[] {
  const columns = Math.max(1, size.columns - 1);
  const { bad, others } = badFirst(board);
  const rows = [...bad, ...others];
  if (rows.length === 0) return [];
  const states = rows.map((row): State => {
    const state = board.stateOf(row);
    // A program between two steps may have let it through no further.
    return state === "waiting" && row.cells.size > 0 ? "done" : state;
  });
  const words = { ...inWords, working: "not ended", waiting: "not reached" };
  const count = `${counted(states, words)}, ${duration(now - began)}`;
  return [
    { text: printable(title) },
    ...hostLines(board, rows, columns, undefined, (text) => text),
    states.every((state) => state === "done") ? { text: count } : { text: count, bad: true },
  ];
}
