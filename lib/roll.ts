// Running a command on one batch of hosts after another, until all are done or too many have failed.

import { rmSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { pause } from "./base/abort.js";
import { milliseconds } from "./base/clock.js";
import { asFailure, Failure } from "./base/failure.js";
import type { Json } from "./base/json.js";
import { makePrivateFolder } from "./base/private-folder.js";
import { showCommand } from "./base/quote.js";
import type { Context } from "./cli.js";
import { runStage } from "./foreground.js";
import { cutBatches, type Size } from "./hosts/rollout.js";
import { readAll } from "./step.js";
import { allowedFailures, Run } from "./step-run.js";
import { newBatch } from "./stream/batches.js";
import { amend } from "./stream/members.js";
import { checkedRecords, type Line } from "./stream/reader.js";
import { hasFailed, labelOf } from "./stream/table.js";

export interface Roll {
  /** What each batch runs; host records on its stdin, the same on its stdout. */
  words: readonly string[];
  sizes: readonly Size[];
  /** Milliseconds between two batches. */
  pause: number;
}

/** A host with its records: several where a stream has several virtualenvs of it. */
interface Host {
  label: string;
  lines: Line[];
}

/** How a batch went. */
interface Outcome {
  /** The hosts that failed. */
  failed: Set<string>;
  /** The command's exit status; undefined where it could not be started. */
  status: number | undefined;
  /** Why the command itself is not to be trusted with another batch. */
  trouble: string | undefined;
}

function byHost(lines: readonly Line[]): Host[] {
  const hosts = new Map<string, Host>();
  for (const line of lines) {
    const label = labelOf(line.record);
    const host = hosts.get(label) ?? { label, lines: [] };
    host.lines.push(line);
    hosts.set(label, host);
  }
  return [...hosts.values()];
}

const linesOf = (hosts: readonly Host[]) => hosts.flatMap(({ lines }) => lines);

const hostsOf = (count: number) => (count === 1 ? "1 host" : `${count} hosts`);

/** Some names, and how many there are beside them. */
function named(labels: readonly string[]): string {
  const shown = labels.slice(0, 5).join(", ");
  return labels.length > 5 ? `${shown} and ${labels.length - 5} more` : shown;
}

/** Writes records as they come, or, with --keep-order, each after those that came in before it. */
class Order {
  readonly #waiting: Line[];
  readonly #ready = new Map<Line, () => Promise<void>>();
  readonly #keep: boolean;

  constructor(lines: readonly Line[], keep: boolean) {
    this.#waiting = [...lines];
    this.#keep = keep;
  }

  /** `line` as it came in can be written. */
  async put(line: Line, write: () => Promise<void>): Promise<void> {
    if (!this.#keep) return write();
    this.#ready.set(line, write);
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const next = this.#ready.get(first);
      if (!next) return;
      this.#waiting.shift();
      await next();
    }
  }
}

/** The private directory of a roll, in which its steps note what is done once; an outer roll's counts. */
function directoryOfRoll(): { path: string; remove: () => void } {
  const outer = process.env.ESSAY_ROLL;
  const found = outer ? statSync(outer, { throwIfNoEntry: false }) : undefined;
  if (outer && found?.isDirectory() && found.uid === process.getuid?.())
    return { path: outer, remove: () => {} };
  const path = makePrivateFolder("roll");
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A roll under way. */
class Rolling {
  readonly #context: Context;
  readonly #run: Run;
  readonly #roll: Roll;
  readonly #directory: string;
  readonly #lines: readonly Line[];
  readonly #order: Order;
  readonly #batches: readonly (readonly Host[])[];
  /** How many hosts there are, with those whose records never came. */
  readonly #all: number;
  /** How many of them may fail. */
  readonly #most: number;
  /** A host with several records has failed when one of them has. */
  readonly #failed: Set<string>;
  /** How many batches the command was run on. */
  #begun = 0;
  #status = 0;

  constructor(context: Context, run: Run, roll: Roll, directory: string, lines: readonly Line[]) {
    this.#context = context;
    this.#run = run;
    this.#roll = roll;
    this.#directory = directory;
    this.#lines = lines;
    this.#order = new Order(lines, context.keepOrder);
    const isGood = ({ record }: Line) => !hasFailed(record);
    this.#all = byHost(lines).length + run.missing;
    this.#batches = cutBatches(byHost(lines.filter(isGood)), roll.sizes, this.#all);
    this.#most = allowedFailures(context.maxFail, this.#all);
    this.#failed = new Set(lines.filter((line) => !isGood(line)).map(({ record }) => labelOf(record)));
  }

  /** How many hosts failed, or never came. */
  get #failures(): number {
    return this.#failed.size + this.#run.missing;
  }

  /** Why no batch may be begun any more, whatever became of those before it. */
  get #whyStopped(): string | undefined {
    const { received } = this.#context.interrupt;
    return received ? `${received} came` : this.#run.whyStopped;
  }

  /** Runs the command on one batch after another; resolves to where and why it stopped, if it did. */
  async go(): Promise<string | undefined> {
    for (const line of this.#lines)
      if (hasFailed(line.record)) await this.#order.put(line, () => this.#run.emit(line));
    const tooMany = `${this.#failures} of ${hostsOf(this.#all)} had failed or were missing, --max-fail allows ${this.#most}`;
    const before = this.#whyStopped ?? (this.#failures > this.#most ? tooMany : undefined);
    if (before !== undefined) return `before the first batch: ${before}`;
    for (const hosts of this.#batches) {
      const where = `batch ${this.#begun + 1} of ${this.#batches.length}`;
      this.#context.say(
        `${where}  ${this.#context.name}  ${hostsOf(hosts.length)}: ${named(hosts.map(({ label }) => label))}`,
      );
      const outcome = await this.#batch(hosts);
      this.#begun++;
      this.#count(outcome);
      const { received } = this.#context.interrupt;
      const bad = received ? undefined : reasonToStop(outcome, hosts.length, this.#failures, this.#most);
      const after = bad ?? this.#whyStopped ?? (await this.#pause(where));
      if (after !== undefined) return `after ${where}: ${after}`;
    }
    return undefined;
  }

  #count({ failed, status, trouble }: Outcome): void {
    for (const label of failed) this.#failed.add(label);
    if (status === 2) this.#status = 2;
    else if (trouble !== undefined || (status !== 0 && failed.size === 0))
      this.#status = Math.max(this.#status, 1);
  }

  /** Waits between two batches; resolves to why the next one may not be begun after it. */
  async #pause(where: string): Promise<string | undefined> {
    const { pause: ms } = this.#roll;
    if (ms === 0 || this.#begun === this.#batches.length) return undefined;
    const { interrupt, progress } = this.#context;
    progress(() => `${where} is done: waiting ${ms / 1000} s`);
    await pause(ms, interrupt.signal).catch(() => {});
    return this.#whyStopped;
  }

  /** Writes the records that no batch had, says how far it went, and resolves to the exit status. */
  async end(stopped: string | undefined): Promise<number> {
    const left = this.#batches.slice(this.#begun).flat();
    const { warn, say, name } = this.#context;
    if (stopped !== undefined) {
      const were = left.length === 1 ? "was" : "were";
      warn(`stopped ${stopped}${left.length === 0 ? "" : `; ${hostsOf(left.length)} ${were} not touched`}`);
      const why = new Failure("not-attempted", `not begun: the roll was stopped ${stopped}`);
      await this.#settle(linesOf(left), why, milliseconds());
    } else if (this.#batches.length > 0)
      say(
        `${name}: all ${this.#batches.length} batches: ${hostsOf(this.#all - this.#failures)} ok, ${this.#failures} failed`,
      );
    const tooMany = left.length > 0 || this.#failures > this.#most;
    return Math.max(await this.#run.end(tooMany), this.#status);
  }

  /** Writes records that the command did not give back. */
  async #settle(lines: readonly Line[], failure: Failure, started: number): Promise<void> {
    for (const line of lines)
      await this.#order.put(line, () =>
        this.#run.settle(line, failure, Math.round(milliseconds() - started)),
      );
  }

  /** Reads what the command writes: each record belongs to one of the batch, or something is wrong. */
  async #take(output: Readable, pending: Map<string, Line[]>, outcome: Outcome): Promise<void> {
    const wrong = (what: string) => {
      if (outcome.trouble === undefined) this.#context.warn(`the command wrote ${what}`);
      outcome.trouble ??= "the command wrote what is no record of this batch";
    };
    for await (const line of checkedRecords(output, () => ["error", "trace", "batch", "plan"])) {
      if ("problem" in line) {
        wrong(`a line that is no record: ${line.problem}`);
        continue;
      }
      const label = labelOf(line.record);
      const came = pending.get(label)?.shift();
      if (!came) {
        wrong(`a record of ${label}, which it was not given, or had given back already`);
        continue;
      }
      if (hasFailed(line.record)) outcome.failed.add(label);
      const batch = came.record.batch as Json | undefined;
      await this.#order.put(came, () => this.#run.emit(line, { batch }));
    }
  }

  /** Runs the command on the hosts and writes a record for each. */
  async #batch(hosts: readonly Host[]): Promise<Outcome> {
    const started = milliseconds();
    const given = linesOf(hosts);
    const batch = newBatch(given.length) as unknown as Json;
    const input = given.map(({ text }) => {
      const marks = { batch, ...(this.#context.dryRun && { plan: true }) };
      return `${amend(text, marks)}\n`;
    });
    const pending = new Map(hosts.map(({ label, lines }) => [label, [...lines]]));
    const outcome: Outcome = { failed: new Set(), status: undefined, trouble: undefined };
    const { words } = this.#roll;
    const { interrupt } = this.#context;
    let why: Failure;
    try {
      const variables = { ESSAY_ROLL: this.#directory };
      outcome.status = await runStage(words, input.join(""), variables, interrupt, (output) =>
        this.#take(output, pending, outcome),
      );
      const end = `ended with status ${outcome.status}`;
      why = new Failure("record-lost", `${showCommand(words)} ${end} and gave no record of this host back`, {
        exit: outcome.status,
      });
    } catch (error) {
      why = asFailure(error);
      outcome.trouble = why.message;
    }
    if (interrupt.received) why = asFailure(interrupt.signal.reason);
    const lost = [...pending].filter(([, rest]) => rest.length > 0);
    for (const [label] of lost) outcome.failed.add(label);
    if (lost.length > 0)
      this.#context.warn(`${why.code}: ${why.message} (${named(lost.map(([label]) => label))})`);
    const lines = lost.flatMap(([, rest]) => rest);
    await this.#settle(lines, why, started);
    return outcome;
  }
}

/** Why no batch may follow one that went like this; undefined where the next one may. */
function reasonToStop(
  { failed, status, trouble }: Outcome,
  hosts: number,
  total: number,
  most: number,
): string | undefined {
  if (trouble !== undefined) return trouble;
  if (failed.size === hosts) return `${failed.size} of ${hostsOf(hosts)} failed`;
  if (total > most)
    return `${failed.size} of ${hostsOf(hosts)} failed${total > failed.size ? `, ${total} in all` : ""}`;
  if (status !== 0 && failed.size === 0)
    return `the command ended with status ${status}, though no host failed`;
  return undefined;
}

/**
 * Runs a command on one batch of the host records of stdin after another, writes every record, says on stderr
 * how far it went, and resolves to the exit status.
 */
export async function rollOut(context: Context, roll: Roll): Promise<number> {
  const run = new Run(context);
  const lines = await readAll(run, []);
  const directory = directoryOfRoll();
  try {
    const rolling = new Rolling(context, run, roll, directory.path, lines);
    return await rolling.end(await rolling.go());
  } finally {
    directory.remove();
  }
}
