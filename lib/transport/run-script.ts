// What steps call: run a script of lib/remote on the host of a record and get its results.

import { StringDecoder } from "node:string_decoder";
import { Tail } from "../base/bytes.js";
import { Failure } from "../base/failure.js";
import { finishedLine, type Note } from "../base/note.js";
import { compose } from "../remote/compose.js";
import { Results } from "../remote/results.js";
import type { Payload, Target, Transport } from "./contract.js";
import { type Execution, execute } from "./execute.js";

/** One run of a script. */
export interface ScriptRun {
  /** Files of lib/remote without their ending; the last one is the step's own, those before it are functions. */
  parts: readonly string[];
  args: readonly string[];
  payload?: Payload;
  /** Only looks: runs as the login account, whatever `become` says. */
  looks?: true;
  /** The virtualenv whose lock the script takes before all else. */
  locks?: string | undefined;
  /** Code of the failure when the script ends badly without saying why. */
  code: string;
  /** Takes the script's results as bytes instead, as they come: for output without end. */
  stdout?: (chunk: Buffer) => void | Promise<void>;
  /** The script does not end by itself: others must not wait for that. */
  lasts?: true;
  /** Where results are put; those of a failure are looked for here when the script has ended. */
  results?: Results;
}

/** What the step's task says about the run. */
export interface Circumstances {
  signal: AbortSignal;
  plan: boolean;
  show: ((text: string) => void) | undefined;
  /** What the history is told of what the script changes. */
  note?: Note | undefined;
}

const keptStderr = 4096;

/**
 * Runs a script and resolves to what it said. Throws Failure: the one that the script reports as
 * `error-code` and `error-message`; a transport's; `run.code` when it ended badly otherwise.
 */
export async function runScript(
  transport: Transport,
  target: Target,
  run: ScriptRun,
  task: Circumstances,
): Promise<Results> {
  if (run.locks !== undefined && !task.plan) await lockBefore(transport, target, run.locks, task.signal);
  const results = await runNoted(transport, target, run, task);
  const venv = results.take("lock");
  if (venv === undefined) return results;
  // It has changed nothing yet: first the session has to have the lock of the virtualenv.
  await transport.lock?.(target, venv, task.signal);
  const again = await runNoted(transport, target, run, task);
  if (again.get("lock") === undefined) return again;
  throw new Failure("lock-lost", `the lock of ${venv} was lost as soon as it was taken: run all of it again`);
}

/**
 * Has the session take a lock that the script would ask for, and spares the host a run of it that does nothing else. Not
 * by a path that the host completes: the session knows its locks by their paths.
 */
async function lockBefore(
  transport: Transport,
  target: Target,
  venv: string,
  signal: AbortSignal,
): Promise<void> {
  if (!venv.startsWith("/")) return;
  try {
    await transport.lock?.(target, venv, signal);
  } catch (error) {
    // What that means for the step, its script knows.
    if (!(error instanceof Failure) || error.code !== "no-venv") throw error;
  }
}

/** Runs it once, and keeps the line that the script has for the history. */
async function runNoted(
  transport: Transport,
  target: Target,
  run: ScriptRun,
  task: Circumstances,
): Promise<Results> {
  const { note } = task;
  const results = run.results ?? new Results();
  let failed: Failure | undefined;
  try {
    return await runOnce(transport, target, { ...run, results }, task);
  } catch (error) {
    if (error instanceof Failure) failed = error;
    throw error;
  } finally {
    const changes = task.plan ? [] : results.all("change");
    if (failed) failed.changed = changes.length > 0;
    const line = results.take("history");
    const lost = results.take("history-lost");
    if (lost !== undefined) note?.lost(lost);
    if (line !== undefined) note?.keep(line);
    // A script that was killed, or whose host went, could not say what it left.
    else if (failed?.changed && note) note.keep(finishedLine(note, changes, failed.code));
  }
}

async function runOnce(
  transport: Transport,
  target: Target,
  run: ScriptRun & { results: Results },
  task: Circumstances,
): Promise<Results> {
  const { results } = run;
  const stderr = new Tail(keptStderr);
  // A character may come in two pieces.
  const decoder = new StringDecoder("utf8");
  const become = run.looks ? undefined : target.become;
  const job = {
    ...compose({
      parts: run.parts,
      args: run.args,
      payloadSize: run.payload?.size,
      plan: task.plan,
      locks: transport.locks,
      note: task.note,
    }),
    lasts: run.lasts,
    become,
    payload: run.payload,
    signal: task.signal,
    stdout: run.stdout ?? ((chunk: Buffer) => results.push(chunk)),
    stderr: (chunk: Buffer) => {
      stderr.push(chunk);
      const text = decoder.write(chunk);
      if (text !== "") task.show?.(text);
    },
  };
  let ended: Execution;
  try {
    ended = await execute(transport, target, job);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.code, error.message, { ...textOf(stderr), ...error.details });
  }
  if (!ended.ready) throw neverRan(target, become, ended, stderr);
  if (results.get("lock") !== undefined) return results;
  const code = results.get("error-code");
  if (code !== undefined) throw new Failure(code, results.get("error-message") ?? code, textOf(stderr));
  const full = results.get("no-room");
  if (full !== undefined) throw new Failure("disk-full", `no space left in ${full}`, textOf(stderr));
  if (ended.signal !== null)
    throw new Failure(run.code, `the script on ${target.host} was ended by SIG${ended.signal}`, {
      signal: `SIG${ended.signal}`,
      ...textOf(stderr),
    });
  if (ended.status !== 0)
    throw new Failure(run.code, `the script on ${target.host} ended with status ${ended.status}`, {
      ...(ended.status !== null && { exit: ended.status }),
      ...textOf(stderr),
    });
  return results;
}

function textOf(stderr: Tail): { stderr?: string } {
  const text = stderr.toString().trim();
  return text === "" ? {} : { stderr: text };
}

function neverRan(target: Target, become: string | undefined, ended: Execution, stderr: Tail): Failure {
  const lines = stderr.toString().trim().split("\n");
  // sudo's first line is the cause; start-up files may have written before it.
  const cause = lines.find((line) => become !== undefined && line.startsWith("sudo: ")) ?? lines.at(-1);
  const how = ended.signal === null ? `ended with status ${ended.status}` : `was ended by SIG${ended.signal}`;
  const why = cause || `it ${how}`;
  const details = { ...(ended.status !== null && { exit: ended.status }), ...textOf(stderr) };
  return become === undefined
    ? new Failure("exec-failed", `${target.host} ran no POSIX shell for us: ${why}`, details)
    : new Failure("become-failed", `cannot become ${become} on ${target.host} by sudo -n: ${why}`, details);
}
