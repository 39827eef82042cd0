// What a command costs, from its start to its end: time, work of the processor, memory.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { descendants } from "../lab/processes.js";

export interface TimedOptions {
  /** A folder for what the command writes. */
  folder: string;
  /** The file that is its stdin; nothing unless told. */
  input?: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * The environment without what the user has set for these programs, and for Node: NODE_EXTRA_CA_CERTS alone makes it
 * read all of the system's certificates at each start, which takes three times as long as Node itself.
 */
const plain = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(ESSAY|NODE|TWINE|PIP|GIT|ANSIBLE|PDSH|CLUSTERSHELL|FABRIC)_|^NETRC$|_proxy$/i.test(name),
  ),
);

/** Runs a command; resolves to milliseconds. Throws when it fails, with what it wrote to stderr. */
export async function timeCommand(
  command: readonly string[],
  options: TimedOptions,
  started: (pid: number) => void = () => {},
): Promise<number> {
  const { folder, input, env } = options;
  const [program = "", ...args] = command;
  const errors = join(folder, "stderr");
  const files = [
    openSync(input ?? "/dev/null", "r"),
    openSync(join(folder, "stdout"), "w"),
    openSync(errors, "w"),
  ];
  try {
    const began = performance.now();
    const child = spawn(program, args, { cwd: folder, env: { ...plain, ...env }, stdio: files });
    if (child.pid !== undefined) started(child.pid);
    const [status] = await once(child, "exit");
    const ms = performance.now() - began;
    if (status !== 0)
      throw new Error(`${command.join(" ")} ended with ${status}\n${readFileSync(errors, "utf8")}`);
    return ms;
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Runs a command; resolves to the milliseconds that it and its children kept a processor at work. */
export async function workOfCommand(command: readonly string[], options: TimedOptions): Promise<number> {
  const timed = 'TIMEFORMAT="%U %S"; { time "$@" 2>&3; } 3>&2 2>times';
  await timeCommand(["bash", "-c", timed, "bash", ...command], options);
  const seconds = readFileSync(join(options.folder, "times"), "utf8").split(/\s+/).map(Number);
  return 1000 * ((seconds[0] ?? Number.NaN) + (seconds[1] ?? Number.NaN));
}

/** The memory of a process in kB: its share of pages that others have, too, and its own (proc(5)); 0 when it is gone. */
function shareOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Runs a command; resolves to the most memory that it and its children had at one time, in MB (10^6 bytes). */
export async function memoryOfCommand(command: readonly string[], options: TimedOptions): Promise<number> {
  let most = 0;
  let looking: NodeJS.Timeout | undefined;
  try {
    await timeCommand(command, options, (pid) => {
      looking = setInterval(() => {
        const all = [pid, ...descendants(pid)];
        most = Math.max(
          most,
          all.reduce((sum, one) => sum + shareOf(one), 0),
        );
      }, 200);
    });
  } finally {
    clearInterval(looking);
  }
  return (most * 1024) / 1e6;
}
