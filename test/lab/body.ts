// Running a few lines of script on a host, by a transport and with the prelude, as a step would.

import { Readable } from "node:stream";
import { compose } from "../../lib/remote/compose.js";
import { Results } from "../../lib/remote/results.js";
import type { Payload, Target, Transport } from "../../lib/transport/contract.js";
import { execute } from "../../lib/transport/execute.js";

export interface BodyRun {
  transport: Transport;
  target?: Target;
  /** Files of lib/remote that come before it. */
  parts?: readonly string[];
  args?: readonly string[];
  payload?: Buffer | Payload;
  plan?: boolean;
  become?: string;
  signal?: AbortSignal;
  /** Called with what the script has said, as it comes. */
  heard?: (results: Results) => void;
}

export interface BodyRan {
  status: number | null;
  signal: string | null;
  results: Results;
  stderr: string;
}

const payloadOf = (bytes: Buffer): Payload => ({ size: bytes.length, open: () => Readable.from([bytes]) });

/** Runs the prelude and then `body`; resolves when it has ended, whatever its status. */
export async function runBody(body: string, run: BodyRun): Promise<BodyRan> {
  const payload = Buffer.isBuffer(run.payload) ? payloadOf(run.payload) : run.payload;
  const results = new Results();
  const stderr: Buffer[] = [];
  const { program, ready } = compose({
    parts: run.parts ?? [],
    args: run.args ?? [],
    payloadSize: payload?.size,
    plan: run.plan ?? false,
  });
  const { status, signal } = await execute(run.transport, run.target ?? { host: "here" }, {
    program: `${program}\n${body}\n`,
    ready,
    become: run.become,
    payload,
    signal: run.signal ?? new AbortController().signal,
    stdout: (chunk) => {
      results.push(chunk);
      run.heard?.(results);
    },
    stderr: (chunk) => {
      stderr.push(chunk);
    },
  });
  return { status, signal, results, stderr: Buffer.concat(stderr).toString() };
}
