// What the live view knows: hosts, steps, and how far each host is in each step. Made of events alone.

import type { Told } from "./event.js";

/** A host in a step. Times are milliseconds; `since` is of the clock that events are told with. */
export type Cell = { state: "working"; since: number } | { state: "done"; ms: number; code?: string };

export interface Row {
  host: string;
  /** By the keys of the columns. */
  cells: Map<string, Cell>;
  /** What the last step that ended said of it, or how far the one that works on it is. */
  said: string;
  /** The step in which it failed, and the code. */
  failed?: { step: string; code: string };
}

/** A step that works on hosts. */
export interface Column {
  key: string;
  stage: number;
  step: string;
}

/** How a host fares. */
export type State = "failed" | "cancelled" | "not begun" | "working" | "waiting" | "done";

export class Board {
  readonly rows = new Map<string, Row>();
  /** In the order of the pipeline. */
  columns: Column[] = [];
  #of = 0;

  /** How many hosts there are, also those that no step has seen yet. */
  get total(): number {
    return Math.max(this.#of, this.rows.size);
  }

  /** Takes an event that was told at `now`. */
  take(told: Told, now: number): void {
    const key = `${told.stage} ${told.step}`;
    // A stage may be a program that runs steps of its own: they stand where it stands, as they appear.
    if (told.what !== "came" && !this.columns.some((column) => column.key === key)) {
      const column = { key, stage: told.stage, step: told.step };
      this.columns = [...this.columns, column].sort((one, other) => one.stage - other.stage);
    }
    if (told.what === "step") return;
    if (told.what === "doing") {
      for (const row of this.rows.values()) if (row.cells.get(key)?.state === "working") row.said = told.said;
      return;
    }
    const row = this.#row(told.host);
    if (told.what === "came") this.#of = Math.max(this.#of, told.of ?? 0);
    if (told.what === "begun") row.cells.set(key, { state: "working", since: now });
    if (told.what !== "done") return;
    const { ms, code, said, step } = told;
    row.cells.set(key, { state: "done", ms, ...(code !== undefined && { code }) });
    row.said = said;
    if (code === undefined) delete row.failed;
    else row.failed = { step, code };
  }

  #row(host: string): Row {
    const known = this.rows.get(host);
    if (known) return known;
    const row = { host, cells: new Map(), said: "" };
    this.rows.set(host, row);
    return row;
  }

  /** How a host fares, as far as was told. */
  stateOf(row: Row): State {
    if (row.failed) return troubleOf(row.failed.code);
    const cells = [...row.cells.values()];
    if (cells.some(({ state }) => state === "working")) return "working";
    const last = this.columns.at(-1);
    return last && row.cells.has(last.key) ? "done" : "waiting";
  }
}

/** How a host fares that a step has ended with a code. */
export function troubleOf(code: string): "failed" | "cancelled" | "not begun" {
  if (code === "not-attempted") return "not begun";
  return code === "cancelled" ? "cancelled" : "failed";
}
