// Signalling a command together with all that it runs, as the keyboard of a terminal does: who signals a shell alone
// leaves its pipelines behind.

import { readdirSync, readFileSync } from "node:fs";

interface Process {
  pid: number;
  parent: number;
  group: number;
}

/** All processes, from proc_pid_stat(5); none where there is no /proc. */
function processes(): Process[] {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      // The second field, the program's name, may have spaces and parentheses in it.
      const [, parent, group] = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      return [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/**
 * The process and those that it has started, and they in turn, as far as they are in its process group: what
 * has left that, such as a daemon, is not meant by a signal to the command.
 */
export function groupOf(pid: number): number[] {
  const all = processes();
  const group = all.find((one) => one.pid === pid)?.group;
  const found = [pid];
  for (const parent of found)
    found.push(...all.filter((one) => one.parent === parent && one.group === group).map((one) => one.pid));
  return found;
}

/** Sends a signal to a process that we have started, and to all that it has. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const one of groupOf(pid))
    try {
      process.kill(one, signal);
    } catch {
      // it has ended meanwhile
    }
}
