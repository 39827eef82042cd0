// Running a program of this machine (git, python) that a build needs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { Tail } from "../base/bytes.js";
import { Failure } from "../base/failure.js";

export interface CommandOptions {
  /** Ends the program, and all that it has started, when it aborts. */
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** What is shown of stderr as it comes. */
  show?: ((text: string) => void) | undefined;
}

/** How a program ended; `stderr` is the end of what it said there. */
export interface Ended {
  exit: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export interface RunningCommand {
  stdin: Writable;
  stdout: Readable;
  /** Rejects when the program could not be started: Failure "no-program", or the reason of the abort. */
  ended: Promise<Ended>;
  /** Ends it, and all that it has started. */
  end(): void;
}

/** Starts a program in a process group of its own. */
export function startCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): RunningCommand {
  options.signal.throwIfAborted();
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, detached: true });
  const end = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  options.signal.addEventListener("abort", end, { once: true });
  const tail = new Tail(4096);
  child.stderr.on("data", (chunk: Buffer) => {
    tail.push(chunk);
    options.show?.(chunk.toString());
  });
  // A program that ends early closes its stdin; its exit status tells more than our broken pipe.
  child.stdin.on("error", () => {});
  const ended = (async () => {
    try {
      const [exit, signal] = await once(child, "close");
      options.signal.throwIfAborted();
      return { exit, signal, stderr: tail.toString() } as Ended;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT")
        throw new Failure("no-program", `there is no ${program} on this machine, or it is not in PATH`);
      throw error;
    } finally {
      options.signal.removeEventListener("abort", end);
    }
  })();
  // Whoever waits for it later still sees the rejection.
  ended.catch(() => {});
  return { stdin: child.stdin, stdout: child.stdout, ended, end };
}

/** Runs a program to its end; `stdout` is all that it wrote there. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions & { input?: string | Buffer },
): Promise<Ended & { stdout: Buffer }> {
  const child = startCommand(program, args, options);
  child.stdin.end(options.input ?? "");
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { ...(await child.ended), stdout: Buffer.concat(chunks) };
}
