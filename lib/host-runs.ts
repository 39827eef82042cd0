// Commands that are run on the host of a record one after the other, each there or once for all hosts.

import { Failure } from "./base/failure.js";
import type { Ran, RecordWith } from "./base/schema.js";
import { hideCredentials } from "./base/url.js";
import { type HostCommand, type HostRun, runOnHost, titleOf } from "./host-run.js";
import type { Once } from "./run/once.js";
import { labelOf } from "./stream/table.js";
import type { Transport } from "./transport/contract.js";
import type { Circumstances } from "./transport/run-script.js";

/** One of the commands. */
export interface Command {
  words: readonly string[];
  /** Where one host runs it for all of them: what they agree by. */
  once: Once | undefined;
}

/** What came of them. */
export interface HostRuns {
  /** Of the last one that has begun, here or on the host that ran it for all. */
  ran: Ran | undefined;
  /** Whether one was run here, or, in a dry run, would be. */
  begun: boolean;
  failed: Failure | undefined;
  /** For people: each command, and the last line that it wrote. */
  said: string;
}

function said(title: string, { ran }: HostRun): string {
  const last = (ran?.stdout ?? "").trim().split("\n").at(-1) ?? "";
  return last === "" ? `${title} run` : `${title}: ${last.slice(0, 200)}`;
}

/** Where a command was run, and what came of it; `here` is undefined where another host had it. */
interface Turn {
  here: HostRun | undefined;
  host: string;
  failed: string | undefined;
}

/** Has a command run here, unless another host has it or had it. */
async function takeTurn(
  once: Once | undefined,
  label: string,
  run: () => Promise<HostRun>,
  signal: AbortSignal,
): Promise<Turn> {
  let here: HostRun | undefined;
  const work = async () => {
    here = await run();
    return here.failed?.message;
  };
  const outcome = once ? await once.take(label, work, signal) : { host: label, failed: await work() };
  return { here, host: outcome.host, failed: outcome.failed };
}

/**
 * Runs commands until one fails. Throws Failure "once-failed" where one has failed on the host that had it for all,
 * and what runOnHost throws.
 */
export async function runAllOnHost(
  transport: Transport,
  record: RecordWith<"host" | "user" | "port" | "transport" | "become" | "venv">,
  commands: readonly Command[],
  common: Omit<HostCommand, "words">,
  task: Circumstances,
): Promise<HostRuns> {
  const all: HostRuns = { ran: undefined, begun: false, failed: undefined, said: "" };
  const sentences: string[] = [];
  for (const { words, once } of commands) {
    const run = () => runOnHost(transport, record, { ...common, words }, task);
    // A dry run asks nobody: every host says what it would do.
    const turn = await takeTurn(task.plan ? undefined : once, labelOf(record), run, task.signal);
    if (!turn.here) {
      if (turn.failed !== undefined)
        throw new Failure("once-failed", `not run here, as on ${turn.host} it failed: ${turn.failed}`);
      all.ran = { args: words.map(hideCredentials), exit: 0, once: turn.host };
      sentences.push(`${titleOf(words)} run on ${turn.host}`);
      continue;
    }
    all.begun = true;
    all.ran = turn.here.ran ?? all.ran;
    all.failed = turn.here.failed;
    sentences.push(said(titleOf(words), turn.here));
    if (all.failed) break;
  }
  return { ...all, said: sentences.join("; ") };
}
