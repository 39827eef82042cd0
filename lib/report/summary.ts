// What a run came to, in numbers. Records come from elsewhere: a field of another type counts as absent.

import { isObject } from "../base/json.js";
import { printable } from "../base/printable.js";
import { hasFailed, labelOf } from "../stream/table.js";

export type Row = Record<string, unknown>;

/** What one step did to one record. */
export interface Act {
  step: string;
  /** When it began, in milliseconds since 1970; the record's own clock counts whole seconds. */
  from: number;
  /** How long it took, in milliseconds. */
  ms: number;
  changed: boolean;
  code: string | undefined;
}

/** The steps that acted on a record, in their order. A step begins no earlier than the one before it ended. */
export function actsOf(record: Row): Act[] {
  const acts: Act[] = [];
  for (const entry of Array.isArray(record.trace) ? record.trace : []) {
    if (!isObject(entry)) continue;
    const { step, at, ms, changed, code } = entry;
    const from = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (typeof step !== "string" || typeof ms !== "number" || !(ms >= 0) || Number.isNaN(from)) continue;
    const before = acts.at(-1);
    acts.push({
      step,
      from: before ? Math.max(from, before.from + before.ms) : from,
      ms,
      changed: changed === true,
      code: typeof code === "string" ? code : undefined,
    });
  }
  return acts;
}

/** What a failed record says of its failure. */
export interface Trouble {
  step: string;
  code: string;
  message: string;
  stderr: string;
}

/** The error of a record; undefined for one that is well. */
export function troubleOf(record: Row): Trouble | undefined {
  if (!hasFailed(record)) return undefined;
  const error = isObject(record.error) ? record.error : {};
  const text = (name: string, otherwise: string) =>
    typeof error[name] === "string" ? error[name] : otherwise;
  return {
    step: text("step", "a step"),
    code: text("code", "error"),
    message: text("message", ""),
    stderr: text("stderr", ""),
  };
}

/** How a record ended: no step had begun anything on an untouched one. */
export type Ending = "ok" | "changed" | "failed" | "untouched";

export function endingOf(record: Row): Ending {
  const trouble = troubleOf(record);
  const acts = actsOf(record);
  if (trouble) return trouble.code === "not-attempted" && !acts.some(begun) ? "untouched" : "failed";
  return acts.some(({ changed }) => changed) ? "changed" : "ok";
}

function begun(act: Act): boolean {
  return act.code !== "not-attempted";
}

/** One step over all records that it acted on. */
export interface StepSummary {
  step: string;
  records: number;
  changed: number;
  failed: number;
  /** Milliseconds for one record. */
  median: number;
  most: number;
  /** The record that took most. */
  slowest: string;
}

/** The records that failed in one step for one reason. */
export interface Reason {
  step: string;
  code: string;
  records: string[];
}

export interface Summary {
  /** What the records are of. */
  noun: "hosts" | "releases" | "records";
  records: number;
  /** Well at the end, also those of `changed`. */
  ok: number;
  changed: number;
  failed: number;
  /** Not begun by any step. */
  untouched: number;
  /** Of the batch, but never came. */
  missing: number;
  /** Milliseconds since 1970, from the first step's beginning to the last one's end; undefined without a trace. */
  span: { from: number; to: number } | undefined;
  reasons: Reason[];
  steps: StepSummary[];
}

function summariseStep(step: string, acts: readonly (Act & { label: string })[]): StepSummary {
  const sorted = acts.toSorted((a, b) => a.ms - b.ms);
  const last = sorted.at(-1);
  return {
    step,
    records: acts.length,
    changed: acts.filter(({ changed }) => changed).length,
    failed: acts.filter(({ code }) => code !== undefined).length,
    median: sorted[Math.floor((sorted.length - 1) / 2)]?.ms ?? 0,
    most: last?.ms ?? 0,
    slowest: last?.label ?? "",
  };
}

function spanOf(acts: readonly Act[]): Summary["span"] {
  if (acts.length === 0) return undefined;
  const from = acts.reduce((least, act) => Math.min(least, act.from), Number.POSITIVE_INFINITY);
  const to = acts.reduce((most, act) => Math.max(most, act.from + act.ms), 0);
  return { from, to };
}

function nounFor(records: readonly Row[]): Summary["noun"] {
  if (records.every(({ host }) => typeof host === "string")) return "hosts";
  return records.every(({ host, version }) => host === undefined && typeof version === "string")
    ? "releases"
    : "records";
}

/** Counts what became of the records; `missing` of their batch never came. */
export function summarise(records: readonly Row[], missing: number): Summary {
  const endings = records.map(endingOf);
  const count = (...wanted: Ending[]) => endings.filter((ending) => wanted.includes(ending)).length;
  const acts = records.flatMap((record) =>
    actsOf(record)
      .filter(begun)
      .map((act) => ({ ...act, label: labelOf(record) })),
  );
  const reasons = new Map<string, Reason>();
  for (const record of records) {
    const { step, code } = troubleOf(record) ?? {};
    if (step === undefined || code === undefined) continue;
    const key = JSON.stringify([step, code]);
    const reason = reasons.get(key) ?? { step, code, records: [] };
    reason.records.push(labelOf(record));
    reasons.set(key, reason);
  }
  return {
    noun: nounFor(records),
    records: records.length,
    ok: count("ok", "changed"),
    changed: count("changed"),
    failed: count("failed"),
    untouched: count("untouched"),
    missing,
    span: spanOf(acts),
    reasons: [...reasons.values()],
    steps: [...new Set(acts.map(({ step }) => step))].map((step) =>
      summariseStep(
        step,
        acts.filter((act) => act.step === step),
      ),
    ),
  };
}

/** The summary in one line: "20 hosts: 0 ok, 2 failed (es-check: check-failed 2), 18 not begun". */
export function sentenceOf(summary: Summary): string {
  const { records, ok, changed, failed, untouched, missing } = summary;
  const because = summary.reasons
    .filter(({ code }) => code !== "not-attempted")
    .map(({ step, code, records }) => `${step}: ${code} ${records.length}`);
  const parts = [
    `${ok} ok${changed ? ` (${changed} changed)` : ""}`,
    failed ? `${failed} failed${because.length ? ` (${because.join(", ")})` : ""}` : "",
    untouched ? `${untouched} not begun` : "",
    missing ? `${missing} never came` : "",
  ];
  const all = records + missing;
  const noun = all === 1 ? summary.noun.replace(/s$/, "") : summary.noun;
  return printable(`${all} ${noun}: ${parts.filter((part) => part !== "").join(", ")}`);
}
