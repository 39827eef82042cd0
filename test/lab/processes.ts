// Processes of this machine, by what /proc tells: who runs, since when, for whom.

import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** The pids of all processes. */
export function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The fields of /proc/PID/stat after the command name (proc(5)): state, ppid, ..., starttime at index 19. */
function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Names a process for ever: a pid alone is given again. Undefined when it does not run. */
export function identity(pid: number): string | undefined {
  const fields = stat(pid);
  if (!fields || fields[0] === "Z") return undefined;
  return `${pid} ${fields[19]}`;
}

/** The command line of a process. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** Command lines of the processes in whose command line a text stands. */
export function processesWith(text: string): string[] {
  return pids()
    .map(commandLine)
    .filter((line) => line.includes(text));
}

/** Processes that have a file open. */
export function processesThatHave(file: string): number[] {
  return pids().filter((pid) => {
    try {
      const descriptors = readdirSync(`/proc/${pid}/fd`);
      return descriptors.some((name) => readlinkSync(`/proc/${pid}/fd/${name}`) === file);
    } catch {
      return false;
    }
  });
}

/** Processes that work in a folder, or below it. */
export function processesIn(folder: string): number[] {
  return pids().filter((pid) => {
    try {
      return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`) && identity(pid) !== undefined;
    } catch {
      return false;
    }
  });
}

/** Processes of a user, without those that have ended and only wait to be noticed. */
export function processesOf(uid: number): number[] {
  return pids().filter((pid) => {
    try {
      return statSync(`/proc/${pid}`).uid === uid && identity(pid) !== undefined;
    } catch {
      return false;
    }
  });
}

/** The pid of a process's parent; NaN when it does not run. */
function parentOf(pid: number): number {
  return Number(stat(pid)?.[1]);
}

/** The session that a process belongs to, by the pid of the one that began it; NaN when it does not run. */
export function sessionOf(pid: number): number {
  return Number(stat(pid)?.[3]);
}

/** Processes of a session, without those that have ended and only wait to be noticed. */
export function processesOfSession(session: number): number[] {
  return pids().filter((pid) => sessionOf(pid) === session && identity(pid) !== undefined);
}

/** Children of a process, their children, and so on. */
export function descendants(pid: number): number[] {
  const parents = new Map(pids().map((other) => [other, parentOf(other)]));
  const found = [pid];
  for (const one of found) for (const [other, parent] of parents) if (parent === one) found.push(other);
  return found.slice(1);
}

/** Ends processes at once; those that have gone already are no trouble. */
export function kill(list: readonly number[]): void {
  for (const pid of list) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Waits until something is so; throws, saying what was awaited, after `limit` milliseconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, limit = 20_000) {
  const end = performance.now() + limit;
  for (;;) {
    const begun = performance.now();
    if (await isSo()) return;
    const now = performance.now();
    if (now > end) throw new Error(`waited in vain for ${what}`);
    // A look at all processes takes long enough to keep a processor busy that others need.
    await pause(Math.min(100, 20 + 4 * (now - begun)));
  }
}
