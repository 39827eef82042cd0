// One run of a step: what it has counted, what it writes of each record and says of it, and its exit status. In
// which order and when that is done is the business of step.ts, and of the few programs that do it by themselves.

import { milliseconds } from "./base/clock.js";
import { Failure, type FailureDetails } from "./base/failure.js";
import type { Json } from "./base/json.js";
import { printableJson } from "./base/printable.js";
import type { Batch, TraceEntry } from "./base/schema.js";
import { timestamp } from "./base/timestamp.js";
import { hideCredentials } from "./base/url.js";
import type { Context } from "./cli.js";
import { Batches } from "./stream/batches.js";
import { amend } from "./stream/members.js";
import { type Line, longestLine } from "./stream/reader.js";
import { hasFailed, labelOf, renderTable } from "./stream/table.js";
import { RecordWriter } from "./stream/writer.js";

type Row = Record<string, unknown>;

/** What a step has done for a record. */
export interface Done {
  /** Fields to set on the record. */
  fields?: { [name: string]: Json | undefined };
  /** Whether anything was changed; in a dry run, whether anything would be. */
  changed: boolean;
  /** One clause for people: "essay_demo 6.11.21.1 installed". */
  said: string;
  /** False for a step that only looked: it leaves no trace. */
  trace?: false;
  /** The record fails, and yet has fields to set. */
  failed?: Failure;
}

/** Makes text for people of all records, and of the number of those that never came. */
export type Render = (records: readonly Row[], missing: number) => string;

/** What renders the records on a terminal; undefined where they are written as lines. */
export function onTerminal(context: Context, render: Render = renderTable): Render | undefined {
  return process.stdout.isTTY && !context.json ? render : undefined;
}

const failureOf = (outcome: Done | Failure) => (outcome instanceof Failure ? outcome : outcome.failed);

/** What a failure tells beyond its sentence, without the secrets that other programs may have said. */
function details({ details }: Failure): FailureDetails {
  return { ...details, ...(details.stderr !== undefined && { stderr: hideCredentials(details.stderr) }) };
}

/** What is left of a record that has grown beyond the longest line. */
function tooLong(record: Row, step: string): Row {
  const kept = ["host", "user", "port", "transport", "batch", "project", "version"];
  const message = `the record has grown beyond ${longestLine} bytes in ${step}: only what names it is left`;
  return {
    ...Object.fromEntries(
      kept.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name]]),
    ),
    error: { step, code: "record-too-long", message },
  };
}

/** How many may fail of a number of records. */
export function allowedFailures(maxFail: Context["maxFail"], of: number): number {
  return "count" in maxFail ? maxFail.count : Math.floor((of * maxFail.percent) / 100);
}

/** One run of a step: counts, writes and reports. */
export class Run {
  readonly context: Context;
  /** How many lines of the input were no records, or had a field of a wrong type; its breaking off is one more. */
  malformed = 0;
  #wrongInput: string | undefined;
  /** What is said where there was no record. */
  none = "no record came in";
  #seen = 0;
  #failed: string[] = [];
  readonly batches = new Batches();
  readonly #render: Render | undefined;
  /** The records that are to be rendered. */
  readonly #kept: Row[] = [];
  readonly #writer: RecordWriter;
  /** What gives the terminal back to the live view, which was asked for it. */
  #release: Promise<() => void> | undefined;
  readonly #started = milliseconds();

  /** With `render`, which is a table on a terminal, records are kept to the end and then written by it. */
  constructor(context: Context, render: Render | undefined = onTerminal(context)) {
    this.context = context;
    this.#render = render;
    this.#writer = new RecordWriter(process.stdout);
  }

  /** Why nothing new may be started, if so. */
  get whyStopped(): string | undefined {
    if (this.context.interrupt.received) return `${this.context.interrupt.received} came before`;
    if (this.#wrongInput !== undefined) return this.#wrongInput;
    if (this.#writer.closed) return "nothing takes the output any more";
    return undefined;
  }

  /** The same, of a record that is not begun. */
  get stopped(): Failure | undefined {
    const why = this.whyStopped;
    return why === undefined ? undefined : new Failure("not-attempted", `not begun: ${why}`);
  }

  /** Counts a record that came in. */
  count(record: Row): void {
    this.#seen++;
    this.batches.count(record.batch as Batch | undefined);
  }

  bad(number: number, problem: string, input = "the input"): void {
    this.malformed++;
    this.#wrongInput ??= "the input has a malformed line";
    this.context.warn(`line ${number} of ${input} is malformed: ${problem}`);
  }

  /** The input ended by an error. */
  breakOff({ message }: Error): void {
    this.malformed++;
    this.#wrongInput ??= "the input broke off";
    this.context.warn(`the input cannot be read to its end: ${message}`);
  }

  /** Writes a record as it came, or with changes. */
  async emit(line: Line, changes?: { [name: string]: Json | undefined }): Promise<void> {
    const label = labelOf(line.record);
    let record: Row = { ...line.record, ...changes };
    let text = changes ? amend(line.text, changes) : line.text;
    if (changes && Buffer.byteLength(text) > longestLine) {
      // No step would read it; what names the host and what happened to it is kept.
      record = tooLong(record, this.context.name);
      text = JSON.stringify(record);
      this.context.warn(`${label}: record-too-long: the rest of its record is left out`);
    }
    if (hasFailed(record)) this.#failed.push(label);
    this.context.view?.came(label, (record.batch as Batch | undefined)?.size);
    if (this.#render) return void this.#kept.push(record);
    await this.#holdTerminal();
    await this.#writer.write(process.stdout.isTTY ? printableJson(text) : text, label);
  }

  /** Writes a record that this step leaves as it is; a dry run binds the later steps all the same. */
  pass(line: Line): Promise<void> {
    const marks = this.context.dryRun && !hasFailed(line.record);
    return this.emit(line, marks ? { plan: true } : undefined);
  }

  /** Writes a record that the step has worked on, with its trace, and says so. */
  async finish(line: Line, outcome: Done | Failure, started: number): Promise<void> {
    const ms = Math.round(milliseconds() - started);
    await this.settle(line, outcome, ms);
    const failure = failureOf(outcome);
    // The live view has been told by `settle`.
    if (!this.context.view) this.#say(labelOf(line.record), failure, this.#saidOf(line, outcome), ms);
    if (failure?.code === "internal" && this.context.verbose)
      this.context.show(labelOf(line.record), failure.details.stderr ?? failure.stack ?? "");
  }

  /** Writes a record that the step has worked on for `ms` milliseconds, with its trace. */
  async settle(line: Line, outcome: Done | Failure, ms: number): Promise<void> {
    const { name, argv } = this.context;
    const done = outcome instanceof Failure ? undefined : outcome;
    const failure = failureOf(outcome);
    const entry: TraceEntry = {
      step: name,
      args: [...argv],
      at: timestamp(Date.now() - ms),
      ms,
      changed: done?.changed ?? failure?.changed ?? false,
      ...((this.context.dryRun || line.record.plan === true) && { plan: true }),
      ...(failure && { code: failure.code }),
    };
    const trace = [...((line.record.trace ?? []) as Json[]), entry as unknown as Json];
    const changes = {
      ...done?.fields,
      // A later step must not take for done what was only looked at.
      ...(this.context.dryRun && { plan: true }),
      ...(done?.trace !== false && { trace }),
      ...(failure && {
        error: {
          step: name,
          code: failure.code,
          message: hideCredentials(failure.message),
          ...details(failure),
        },
      }),
    };
    this.context.view?.done(
      labelOf(line.record),
      ms,
      hideCredentials(failure?.message ?? this.#saidOf(line, outcome)),
      failure?.code,
    );
    await this.emit(line, Object.keys(changes).length > 0 ? changes : undefined);
  }

  /** What a step says that it has done, or would do. */
  #saidOf({ record }: Line, outcome: Done | Failure): string {
    const dry = this.context.dryRun || record.plan === true ? "dry run: " : "";
    return `${dry}${outcome instanceof Failure ? "" : outcome.said}`;
  }

  #say(label: string, failure: Failure | undefined, said: string, ms: number): void {
    const text = failure ? { bad: `${failure.code}: ${failure.message}` } : said;
    this.context.say(`${label}  ${this.context.name}  `, text, `  ${(ms / 1000).toFixed(1)} s`);
  }

  /** Has the live view leave the terminal to us, where our records go there, too. */
  async #holdTerminal(): Promise<void> {
    const { view } = this.context;
    if (!view || !process.stdout.isTTY) return;
    this.#release ??= view.hold();
    await this.#release;
  }

  /** Whether the live view ends with a table of all that ours would show. */
  get #isShown(): boolean {
    const { view } = this.context;
    return (
      view !== undefined && this.#render === renderTable && this.#kept.every(({ host }) => host !== undefined)
    );
  }

  /** Writes what is left to write; false, with a word on stderr, where records had no reader. */
  async flush(): Promise<boolean> {
    if (this.#render && this.#kept.length > 0 && !this.#isShown) {
      await this.#holdTerminal();
      await this.#writer.write(
        this.#render(this.#kept, this.batches.lacking).trimEnd(),
        ...this.#kept.map(labelOf),
      );
    }
    await this.#writer.end();
    (await this.#release)?.();
    const { unread, trouble } = this.#writer;
    if (unread.length === 0) return true;
    const why = trouble === undefined ? "nobody read" : `${trouble}: not written are`;
    this.context.warn(`${why} the records of: ${unread.join(", ")}`);
    return false;
  }

  /** How many records never came that should have. */
  get missing(): number {
    return this.context.partial ? 0 : this.batches.lacking;
  }

  /** Says which batches lack records. */
  tellMissing(): void {
    const { warn, partial } = this.context;
    for (const { id, size, missing } of this.batches.missing())
      warn(
        `${missing} of the ${size} records of batch ${id} never came${partial ? ", as --partial allows" : ": a stage before this one was ended or left them out"}`,
      );
  }

  /**
   * Says what there is to say at the end, and gives the exit status. `tooMany`: whether more has failed than may, where
   * not records count.
   */
  async end(tooMany?: boolean): Promise<number> {
    const { warn, allowEmpty, maxFail } = this.context;
    let status = (await this.flush()) ? 0 : 1;
    this.tellMissing();
    if (this.missing > 0) status = 1;
    if (this.#seen === 0 && !this.malformed) {
      warn(`nothing to do: ${this.none}`);
      if (!allowEmpty) status = 1;
    }
    if (tooMany ?? this.#failed.length > allowedFailures(maxFail, this.#seen)) status = 1;
    else if (this.#failed.length > 0)
      warn(
        `${this.#failed.length} of ${this.#seen} failed, as --max-fail allows: ${this.#failed.join(", ")}`,
      );
    if (this.context.verbose)
      this.context.say(
        `${this.context.name}: ${this.#seen} records, ${this.#failed.length} failed, ${((milliseconds() - this.#started) / 1000).toFixed(1)} s`,
      );
    return this.malformed ? 2 : status;
  }
}
