// Running a command on one batch of hosts after another, until all are done or too many have failed.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pause } from "./base/abort.js";
import { asFailure, Failure } from "./base/failure.js";
import type { Json } from "./base/json.js";
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
  const path = mkdtempSync(join(tmpdir(), "essay-roll-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

class Rolling {
  readonly context: Context;
  readonly run: Run;
  readonly roll: Roll;
  readonly directory: string;
  readonly order: Order;

  constructor(context: Context, run: Run, roll: Roll, directory: string, lines: readonly Line[]) {
    this.context = context;
    this.run = run;
    this.roll = roll;
    this.directory = directory;
    this.order = new Order(lines, context.keepOrder);
  }

  /** Writes records that the command did not give back. */
  async settle(lines: readonly Line[], failure: Failure, started: number): Promise<void> {
    for (const line of lines)
      await this.order.put(line, () =>
        this.run.settle(line, failure, Math.round(performance.now() - started)),
      );
  }

  /** Reads what the command writes: each record belongs to one of the batch, or something is wrong. */
  async #take(output: Readable, pending: Map<string, Line[]>, outcome: Outcome): Promise<void> {
    const wrong = (what: string) => {
      if (outcome.trouble === undefined) this.context.warn(`the command wrote ${what}`);
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
      await this.order.put(came, () => this.run.emit(line, { batch }));
    }
  }

  /** Runs the command on the hosts and writes a record for each. */
  async batch(hosts: readonly Host[]): Promise<Outcome> {
    const started = performance.now();
    const lines = hosts.flatMap((host) => host.lines);
    const batch = newBatch(lines.length) as unknown as Json;
    const input = lines.map(({ text }) => {
      const marks = { batch, ...(this.context.dryRun && { plan: true }) };
      return `${amend(text, marks)}\n`;
    });
    const pending = new Map(hosts.map(({ label, lines }) => [label, [...lines]]));
    const outcome: Outcome = { failed: new Set(), status: undefined, trouble: undefined };
    const { words } = this.roll;
    const { interrupt } = this.context;
    let why: Failure;
    try {
      const variables = { ESSAY_ROLL: this.directory };
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
      this.context.warn(`${why.code}: ${why.message} (${named(lost.map(([label]) => label))})`);
    await this.settle(
      lost.flatMap(([, rest]) => rest),
      why,
      started,
    );
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
  const { interrupt, warn, say } = context;
  const lines = await readAll(run, []);
  const { missing } = run;
  const all = byHost(lines).length + missing;
  const good = lines.filter(({ record }) => !hasFailed(record));
  const batches = cutBatches(byHost(good), roll.sizes, all);
  const most = allowedFailures(context.maxFail, all);
  const directory = directoryOfRoll();
  const rolling = new Rolling(context, run, roll, directory.path, lines);
  let status = 0;
  // A host with several records has failed when one of them has.
  const failed = new Set(
    lines.filter(({ record }) => hasFailed(record)).map(({ record }) => labelOf(record)),
  );
  const total = () => failed.size + missing;
  const before = total();
  let stop = run.stopped?.message;
  if (before > most)
    stop ??= `not begun: ${before} of ${hostsOf(all)} had failed or were missing before, --max-fail allows ${most}`;
  let begun = 0;
  try {
    for (const line of lines) if (hasFailed(line.record)) await rolling.order.put(line, () => run.emit(line));
    for (const hosts of batches) {
      const where = `batch ${begun + 1} of ${batches.length}`;
      stop ??= run.stopped?.message;
      if (stop !== undefined) break;
      say(`${where}  ${context.name}  ${hostsOf(hosts.length)}: ${named(hosts.map(({ label }) => label))}`);
      const outcome = await rolling.batch(hosts);
      begun++;
      for (const label of outcome.failed) failed.add(label);
      if (outcome.trouble !== undefined || (outcome.status !== 0 && outcome.failed.size === 0))
        status = Math.max(status, 1);
      if (outcome.status === 2) status = 2;
      const why = interrupt.received
        ? `${interrupt.received} came`
        : (reasonToStop(outcome, hosts.length, total(), most) ?? run.stopped?.message);
      if (why !== undefined) stop = `after ${where}: ${why}`;
      else if (begun < batches.length && roll.pause > 0) {
        context.progress(() => `${where} is done: waiting ${roll.pause / 1000} s`);
        await pause(roll.pause, interrupt.signal).catch(() => {
          stop = `after ${where}: ${interrupt.received} came`;
        });
      }
    }
    const left = batches.slice(begun).flat();
    if (stop !== undefined) {
      const untouched =
        left.length === 0
          ? ""
          : `; ${hostsOf(left.length)} ${left.length === 1 ? "was" : "were"} not touched`;
      warn(`stopped ${stop}${untouched}`);
      const why = new Failure("not-attempted", `not begun: the roll was stopped ${stop}`);
      await rolling.settle(
        left.flatMap((host) => host.lines),
        why,
        performance.now(),
      );
    } else if (batches.length > 0)
      say(`${context.name}: all ${batches.length} batches: ${hostsOf(all - total())} ok, ${total()} failed`);
  } finally {
    directory.remove();
  }
  const left = begun < batches.length;
  return Math.max(await run.end(left || total() > most), status);
}
