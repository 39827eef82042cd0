// The runner of steps: reads records, works on those that are well, writes every one, and gives the exit
// status. Two shapes: `eachRecord`, where a record leaves as soon as it is done, and `wholeBatch`, which
// reads everything first. `produce` is for executables that make records and read none.

import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { milliseconds } from "./base/clock.js";
import { asFailure, Failure, UsageError } from "./base/failure.js";
import { Gate, type Place } from "./base/gate.js";
import type { JsonObject } from "./base/json.js";
import type { Note } from "./base/note.js";
import type { FieldName, RecordWith } from "./base/schema.js";
import type { Context } from "./cli.js";
import { type Done, onTerminal, type Render, Run } from "./step-run.js";
import { checkedRecords, type Line } from "./stream/reader.js";
import { hasFailed, labelOf } from "./stream/table.js";
import { Turns } from "./stream/turns.js";

/** What a step's work is given beside the record. */
export interface Task {
  /** Aborted when the record's time is over or the run is cancelled. */
  signal: AbortSignal;
  /** Look and change nothing. */
  plan: boolean;
  /** For output of a host as it comes; shown with -v. */
  show: ((text: string) => void) | undefined;
  /** What the history is told. */
  note: Note | undefined;
}

export interface PerRecord<F extends FieldName> {
  /** The fields that the step looks at; a record in which one has another type is malformed input. */
  reads: readonly F[];
  /** Does the step for one record; throws Failure. */
  work(record: RecordWith<F>, task: Task): Promise<Done>;
  /** Records of the same key are worked on one after the other; by default host and virtualenv. */
  key?(record: RecordWith<F>): string;
  /** What is shown on a terminal, instead of the table of records. */
  render?: Render;
}

export interface WholeBatch<F extends FieldName> {
  reads: readonly F[];
  /** Does the step for all records; a Done or a Failure for each, in their order. Must not throw. */
  work(records: RecordWith<F>[], task: (record: RecordWith<F>) => Task): Promise<(Done | Failure)[]>;
}

type Row = Record<string, unknown>;

const always: readonly FieldName[] = ["trace", "batch", "plan"];

/** The lines of stdin that are records in which the given fields have their types; bad ones are reported. */
async function* records(run: Run, reads: readonly FieldName[]): AsyncGenerator<Line> {
  if (process.stdin.isTTY)
    throw new UsageError("reads records on stdin: pipe another step into it, or < FILE");
  try {
    for await (const line of checked(run, reads, process.stdin)) {
      // Those of a file are perhaps not all wanted: they are shown when they go on.
      run.context.view?.came(labelOf(line.record), (line.record as RecordWith<"batch">).batch?.size);
      yield line;
    }
  } catch (error) {
    // What is begun is to be ended, and its records are to be written.
    run.breakOff(error as Error);
  }
}

async function* checked(
  run: Run,
  reads: readonly FieldName[],
  input: Readable,
  name?: string,
): AsyncGenerator<Line> {
  // A record that failed is only passed on.
  const fields = (record: Row) => (hasFailed(record) ? (["batch"] as const) : reads);
  for await (const line of checkedRecords(input, fields)) {
    if ("problem" in line) run.bad(line.number, line.problem, name);
    else yield line;
  }
}

/** Reads the records of stdin, or of files where there are some, to their end, and counts them. */
export async function readAll(
  run: Run,
  reads: readonly FieldName[],
  files: readonly string[] = [],
): Promise<Line[]> {
  const lines: Line[] = [];
  const take = async (some: AsyncIterable<Line>) => {
    for await (const line of some) {
      run.count(line.record);
      lines.push(line);
    }
  };
  if (files.length === 0) await take(records(run, [...always, ...reads]));
  for (const file of files) {
    const input = createReadStream(file);
    try {
      await once(input, "open");
      await take(checked(run, [...always, ...reads], input, file));
    } catch (error) {
      if (!(error as NodeJS.ErrnoException).code || error instanceof Failure) throw error;
      throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
    } finally {
      input.destroy();
    }
  }
  return lines;
}

/** `work`, until the record's time is over or the run is cancelled; what it throws comes back as a Failure. */
export async function within<T>(
  context: Pick<Context, "name" | "timeout" | "interrupt">,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | Failure> {
  const timer = new AbortController();
  const { timeout } = context;
  const late = new Failure(
    "timeout",
    `${context.name} did not end within ${timeout / 1000} s; --timeout gives it longer`,
  );
  const running = timeout > 0 ? setTimeout(() => timer.abort(late), timeout) : undefined;
  const ended = AbortSignal.any([timer.signal, context.interrupt.signal]);
  try {
    return await work(ended);
  } catch (error) {
    if (!ended.aborted) return asFailure(error);
    const reason = asFailure(ended.reason);
    const { details = {}, changed = false } = error instanceof Failure ? error : {};
    return Object.assign(new Failure(reason.code, reason.message, details), { changed });
  } finally {
    clearTimeout(running);
  }
}

/**
 * `work` in one of the places that the steps of a session share. The wait for it is no part of the record's time,
 * and it is given back before the record is written: the next step, which reads the record, may be waiting for it.
 */
async function inPlace(context: Context, work: () => Promise<Done | Failure>): Promise<Done | Failure> {
  const { signal, received } = context.interrupt;
  if (!context.place || received) return work();
  let place: Place;
  try {
    place = await context.place(signal);
  } catch (error) {
    return signal.aborted ? work() : asFailure(error);
  }
  return work().finally(place.leave);
}

function taskFor(context: Context, record: Row, signal: AbortSignal): Task {
  const show = context.verbose ? (text: string) => context.show(labelOf(record), text) : undefined;
  return { signal, plan: context.dryRun || record.plan === true, show, note: context.note?.(record) };
}

function defaultKey(record: Row): string {
  return `${labelOf(record)} ${(record as RecordWith<"venv">).venv?.name ?? ""}`;
}

/**
 * Runs a step on each record of stdin, many at once, and resolves to the exit status. A record that came in
 * failed is passed on untouched.
 */
export async function eachRecord<F extends FieldName>(context: Context, step: PerRecord<F>): Promise<number> {
  const run = new Run(context, onTerminal(context, step.render));
  context.view?.step();
  const gate = new Gate(context.jobs);
  const turns = new Turns();
  const underWay = new Set<Promise<void>>();
  let before: Promise<unknown> = Promise.resolve();

  const handle = async (line: Line, mayWrite: Promise<unknown>) => {
    if (hasFailed(line.record)) {
      await mayWrite;
      return run.emit(line);
    }
    const started = milliseconds();
    const record = line.record as RecordWith<F>;
    const outcome = await turns.take(step.key?.(record) ?? defaultKey(line.record), async () => {
      if (run.stopped) return run.stopped;
      return inPlace(context, async () => {
        if (run.stopped) return run.stopped;
        context.view?.begun(labelOf(line.record));
        return within(context, (signal) => step.work(record, taskFor(context, line.record, signal)));
      });
    });
    await mayWrite;
    return run.finish(line, outcome, started);
  };

  for await (const line of records(run, [...always, ...step.reads])) {
    run.count(line.record);
    const place = await gate.enter();
    const mayWrite = context.keepOrder ? before : Promise.resolve();
    const job = handle(line, mayWrite).finally(() => {
      place.leave();
      underWay.delete(job);
    });
    underWay.add(job);
    before = job;
  }
  await Promise.all(underWay);
  return run.end();
}

/**
 * Reads all records of stdin, then runs the step on them together, and resolves to the exit status. When a
 * record has failed or is missing, or the input is malformed, nothing is touched.
 */
export async function wholeBatch<F extends FieldName>(
  context: Context,
  step: WholeBatch<F>,
): Promise<number> {
  const run = new Run(context);
  context.view?.step();
  const lines = await readAll(run, step.reads);
  const failed = lines.filter(({ record }) => hasFailed(record)).length;
  const why =
    run.stopped ??
    (failed
      ? new Failure("not-attempted", `not begun: ${failed} of ${lines.length} records came in failed`)
      : undefined) ??
    (run.missing ? new Failure("not-attempted", `not begun: ${run.missing} records are missing`) : undefined);
  const started = milliseconds();
  let outcomes: (Done | Failure)[] = [];
  if (!why && lines.length > 0) {
    for (const { record } of lines) context.view?.begun(labelOf(record));
    const result = await within(context, (signal) =>
      step.work(
        lines.map((line) => line.record as RecordWith<F>),
        (record) => taskFor(context, record, signal),
      ),
    );
    outcomes = result instanceof Failure ? lines.map(() => result) : result;
  }
  for (const [index, line] of lines.entries()) {
    if (hasFailed(line.record)) await run.emit(line);
    else await run.finish(line, why ?? (outcomes[index] as Done | Failure), started);
  }
  return run.end();
}

/** Writes records that were made here and resolves to the exit status; `none` says why there is none. */
export async function produce(
  context: Context,
  made: Iterable<JsonObject> | AsyncIterable<JsonObject>,
  none = "there is nothing to make a record of",
): Promise<number> {
  const run = new Run(context);
  run.none = none;
  let number = 0;
  for await (const record of made) {
    run.count({});
    await run.emit({ number: ++number, text: JSON.stringify(record), record });
  }
  return run.end();
}

/** Writes records that another program made, as they came, and resolves to the exit status. */
export async function relay(context: Context, lines: Iterable<Line>): Promise<number> {
  const run = new Run(context);
  for (const line of lines) {
    run.count(line.record);
    await run.emit(line);
  }
  return run.end();
}

/** Reads all records of stdin and writes what `render` makes of them; resolves to the exit status. */
export function drain(context: Context, render: Render): Promise<number> {
  return passAll(new Run(context, render));
}

/** Writes each record of stdin as it came, for a step that has nothing to do; resolves to the exit status. */
export function passOn(context: Context): Promise<number> {
  return passAll(new Run(context));
}

async function passAll(run: Run): Promise<number> {
  for await (const line of records(run, ["batch"])) {
    run.count(line.record);
    await run.pass(line);
  }
  return run.end();
}
