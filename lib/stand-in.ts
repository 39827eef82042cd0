// Running a command in our place, as `env` does by exec: it has our streams, our signals and our end.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants as files, readdirSync, readlinkSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { Failure } from "./base/failure.js";
import { showCommand } from "./base/quote.js";
import { hasTerminal } from "./base/terminal.js";

/** How the command ended: by itself (`status`) or by a signal. */
export interface End {
  status: number | null;
  signal: NodeJS.Signals | null;
}

/** The command could not be run; `status` is what a shell says then: 127 not found, 126 not to be executed. */
export class CannotRun extends Failure {
  readonly status: number;
  constructor(name: string, { code, message }: { code?: string | undefined; message: string }) {
    const missing = code === "ENOENT";
    super(
      "no-command",
      `cannot run ${showCommand([name])}: ${missing ? "there is no such command" : message}`,
    );
    this.status = missing ? 127 : 126;
  }
}

/** From the keyboard these reach all processes of the terminal: the command has them without us. */
const fromKeyboard: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];
const passedOn: readonly NodeJS.Signals[] = [...fromKeyboard, "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"];

/**
 * The number of descriptors that we were started with. Node's own come behind them, the first of which is for
 * its events; what else a shell or make has opened for the command (make's job server) is before that.
 */
function inherited(): number {
  try {
    const numbers = readdirSync("/proc/self/fd").map(Number);
    for (let fd = 3; numbers.includes(fd); fd++)
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith("anon_inode:")) return fd;
  } catch {
    // Not Linux: the three that every program has.
  }
  return 3;
}

/** Looks for a command as execvp(3) does. Throws CannotRun where it cannot be run. */
function lookFor(name: string): void {
  const folders = name.includes("/")
    ? [""]
    : (process.env.PATH ?? "").split(":").map((folder) => folder || ".");
  let found = false;
  for (const file of folders.map((folder) => (folder ? join(folder, name) : name))) {
    try {
      const isFile = statSync(file).isFile();
      found = true;
      accessSync(file, files.X_OK);
      if (isFile) return;
    } catch {
      // the next one may do
    }
  }
  throw new CannotRun(
    name,
    found ? { message: "it is no program, or not for us to run" } : { code: "ENOENT", message: "" },
  );
}

/**
 * The last descriptor that every POSIX shell has names for. Where the command has inherited so many itself, it is
 * told of a moment later.
 */
const lastNamed = 9;

/**
 * Runs a command to its end with `variables` added to its environment. Its process id is a line on `watched` before
 * it runs. Signals that we receive meanwhile are passed on, and do nothing else. Throws CannotRun.
 */
export async function standIn(
  words: readonly string[],
  variables: Record<string, string>,
  watched?: Writable,
): Promise<End> {
  const [name = ""] = words;
  lookFor(name);
  const stdio: (number | Writable)[] = Array.from({ length: inherited() }, (_, fd) => fd);
  const own = stdio.length;
  const tells = watched && own <= lastNamed;
  // A shell tells of itself, gives the descriptor up, and becomes the command.
  const telling = `(echo $$ >&${own}) 2>/dev/null; exec ${own}>&-; exec "$@"`;
  const [file = "", ...args] = tells ? ["/bin/sh", "-c", telling, "es-session", ...words] : words;
  if (tells) stdio.push(watched);
  let child: ChildProcess | undefined;
  const pass = (signal: NodeJS.Signals) => {
    if (!fromKeyboard.includes(signal) || !hasTerminal()) child?.kill(signal);
  };
  // Before the command can do anything that makes somebody send us one.
  for (const signal of passedOn) process.on(signal, pass);
  try {
    child = spawn(file, args, { stdio, env: { ...process.env, ...variables } });
    const ended = endOf(child, name);
    if (!tells && child.pid !== undefined) watched?.write(`${child.pid}\n`);
    return await ended;
  } finally {
    for (const signal of passedOn) process.off(signal, pass);
  }
}

function endOf(child: ChildProcess, name: string): Promise<End> {
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => reject(new CannotRun(name, error)));
    child.on("exit", (status, signal) => resolve({ status, signal }));
  });
}

/** Ends as the command did: by the same signal; otherwise gives the exit status that we are to have. */
export function endAs({ status, signal }: End): number {
  if (signal === null) return status ?? 1;
  process.kill(process.pid, signal);
  // There are signals that do not end a Node program.
  return 128 + constants.signals[signal];
}
