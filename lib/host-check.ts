// Asking the processes of a record's host, from the host itself or from this machine.

import { Failure } from "./base/failure.js";
import type { RecordWith } from "./base/schema.js";
import type { Ask } from "./check/asks.js";
import { type Outcome, parseOutcome } from "./check/result.js";
import type { Way } from "./check/way.js";
import type { Target, Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";

/** What is asked, and what is well; an empty text is none. */
export interface Wanted {
  way: Way;
  /** Milliseconds until the deadline. */
  deadline: number;
  /** The Host header. */
  host: string;
  status: number;
  /** What a page must contain. */
  expect: string;
  header: [name: string, value: string | null] | null;
}

/** What holds for one host. */
export interface Place {
  /** Where processes listen. */
  address: string;
  /** The version that a page must contain; an empty one is none. */
  version: string;
  /** Of the environment of a command. */
  variables: Readonly<Record<string, string>>;
}

/** Seconds for which a process without a port must be seen to run. */
const stay = 2;

/** Asks until all is well or the time is over. `from` is where the script runs. Throws Failure. */
export async function askProcesses(
  transport: Transport,
  record: Target & RecordWith<"venv">,
  asks: readonly Ask[],
  from: "host" | "here",
  { way, deadline, ...wanted }: Wanted,
  place: Place,
  task: Circumstances,
): Promise<Outcome[]> {
  if (asks.length === 0) return [];
  const path = way.kind === "http" ? way.path : undefined;
  const words = way.kind === "command" ? way.words : [];
  const directory = from === "here" ? process.cwd() : null;
  const said = { asks, kind: way.kind, path, words, directory, seconds: deadline / 1000, stay };
  const venv = from === "here" ? "-" : (record.venv?.path ?? "-");
  const results = await runScript(
    transport,
    from === "here" ? { transport: "local" } : record,
    {
      parts: ["check"],
      args: [venv, JSON.stringify({ ...said, ...wanted, ...place })],
      code: "check-failed",
      looks: true,
    },
    task,
  );
  const lines = results.all("check");
  if (lines.length !== asks.length)
    throw new Failure("check-failed", `asked for ${asks.length}, heard of ${lines.length}`);
  return lines.map((line) => parseOutcome(line, asks, place.address, path));
}
