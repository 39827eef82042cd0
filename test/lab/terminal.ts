// A person at a terminal: a command with a terminal of its own, on which answers are typed.

import { fileURLToPath } from "node:url";
import { pathWithBins, program, type Ran, type RunOptions } from "./program.js";

const script = fileURLToPath(new URL("../../../test/lab/terminal.py", import.meta.url));

/** What is waited for, and what is typed then. */
export type Dialogue = readonly (readonly [awaited: string, typed: string])[];

/** Runs a shell command at a terminal, with our executables in PATH; stdout is what the terminal shows. */
export function atTerminal(command: string, dialogue: Dialogue, options: RunOptions = {}): Promise<Ran> {
  const env = { ...options.env, PATH: pathWithBins };
  const args = [script, JSON.stringify(dialogue), "sh", "-c", command];
  return program("/usr/bin/python3", args, { ...options, env });
}

/** Runs a shell command that has no terminal, wherever the tests run. */
export function withoutTerminal(command: string, options: RunOptions = {}): Promise<Ran> {
  const env = { ...options.env, PATH: pathWithBins };
  return program("setsid", ["--wait", "sh", "-c", command], { ...options, env });
}
