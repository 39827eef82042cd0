// The shells that scripts must run under, and running a script body on this machine under one of them.

import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { compose } from "../../lib/remote/compose.js";
import { Results } from "../../lib/remote/results.js";
import type { Channel, Transport } from "../../lib/transport/contract.js";
import { execute } from "../../lib/transport/execute.js";
import { LocalTransport } from "../../lib/transport/local.js";
import { scratch } from "./program.js";

export const shells = ["dash", "busybox"] as const;
export type Shell = (typeof shells)[number];

/** A PATH on which `sh` is that shell; for busybox, on which there is nothing but its own programs. */
export function pathOf(t: TestContext, shell: Shell): string {
  const directory = join(scratch(t), "bin");
  mkdirSync(directory);
  if (shell === "busybox") {
    execFileSync("busybox", ["--install", "-s", directory]);
    return directory;
  }
  symlinkSync("/usr/bin/dash", join(directory, "sh"));
  return `${directory}:${process.env.PATH}`;
}

/** This machine as a host, with another environment. */
export class LocalWith implements Transport {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #local = new LocalTransport();
  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }
  start(target: object, command: string): Promise<Channel> {
    const before = process.env;
    process.env = { ...before, ...this.#environment };
    try {
      return this.#local.start(target, command);
    } finally {
      process.env = before;
    }
  }
  async close(): Promise<void> {}
}

export interface BodyRun {
  transport: Transport;
  args?: readonly string[];
  payload?: Buffer;
  plan?: boolean;
  signal?: AbortSignal;
  /** Called with what the script says, as it comes. */
  heard?: (results: Results) => void;
}

export interface BodyRan {
  status: number | null;
  signal: string | null;
  results: Results;
  stderr: string;
}

/** Runs the prelude and then `body`, as runScript would a script of lib/remote. */
export async function runBody(body: string, run: BodyRun): Promise<BodyRan> {
  const { payload } = run;
  const results = new Results();
  const stderr: Buffer[] = [];
  const { program, ready } = compose({
    parts: [],
    args: run.args ?? [],
    payloadSize: payload?.length,
    plan: run.plan ?? false,
  });
  const { status, signal } = await execute(
    run.transport,
    { host: "here" },
    {
      program: `${program}\n${body}\n`,
      ready,
      become: undefined,
      payload: payload && { size: payload.length, open: () => Readable.from([payload]) },
      signal: run.signal ?? new AbortController().signal,
      stdout: (chunk) => {
        results.push(chunk);
        run.heard?.(results);
      },
      stderr: (chunk) => {
        stderr.push(chunk);
      },
    },
  );
  return { status, signal, results, stderr: Buffer.concat(stderr).toString() };
}
