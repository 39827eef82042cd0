// The shells that scripts must run under, and this machine as a host that has one of them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Channel, Transport } from "../../lib/transport/contract.js";
import { LocalTransport } from "../../lib/transport/local.js";

export const shells = ["dash", "busybox"] as const;
export type Shell = (typeof shells)[number] | "bash";

/** Those that are not /bin/sh, under which each test runs anyway. */
export const otherShells = shells.filter((shell) => !realpathSync("/bin/sh").endsWith(`/${shell}`));

const made = new Map<Shell, string>();

/** A PATH on which `sh` is that shell; for busybox, on which there is nothing but its own programs. */
export function pathOf(shell: Shell): string {
  const known = made.get(shell);
  if (known !== undefined) return known;
  const directory = mkdtempSync(join(tmpdir(), "essay-test-"));
  process.once("exit", () => rmSync(directory, { recursive: true }));
  if (shell === "busybox") execFileSync("busybox", ["--install", "-s", directory]);
  else symlinkSync(`/usr/bin/${shell}`, join(directory, "sh"));
  const path = shell === "busybox" ? directory : `${directory}:${process.env.PATH}`;
  made.set(shell, path);
  return path;
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
