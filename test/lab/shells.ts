// The shells that scripts must run under, and this machine as a host that has one of them.

import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Channel, Transport } from "../../lib/transport/contract.js";
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
