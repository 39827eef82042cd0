// How long a command takes, from its start to its end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface TimedOptions {
  /** A folder for what the command writes. */
  folder: string;
  /** The file that is its stdin; nothing unless told. */
  input?: string;
  env?: NodeJS.ProcessEnv;
}

/** The environment without what the user has set for these programs. */
const plain = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(ESSAY|TWINE|PIP|GIT)_|^NETRC$|_proxy$/i.test(name)),
);

/** Runs a command; resolves to milliseconds. Throws when it fails, with what it wrote to stderr. */
export async function timeCommand(command: readonly string[], options: TimedOptions): Promise<number> {
  const { folder, input, env } = options;
  const [program = "", ...args] = command;
  const errors = join(folder, "stderr");
  const files = [
    openSync(input ?? "/dev/null", "r"),
    openSync(join(folder, "stdout"), "w"),
    openSync(errors, "w"),
  ];
  try {
    const started = performance.now();
    const child = spawn(program, args, { cwd: folder, env: { ...plain, ...env }, stdio: files });
    const [status] = await once(child, "exit");
    const ms = performance.now() - started;
    if (status !== 0)
      throw new Error(`${command.join(" ")} ended with ${status}\n${readFileSync(errors, "utf8")}`);
    return ms;
  } finally {
    for (const file of files) closeSync(file);
  }
}
