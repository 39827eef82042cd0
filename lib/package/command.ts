// Running a program of this machine (git, python) that a build needs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { Tail } from "../base/bytes.js";
import { Failure, type FailureDetails } from "../base/failure.js";

export interface CommandOptions {
  /** Ends the program when it aborts. */
  signal: AbortSignal;
  /**
   * In a process group of its own, so that all that it has started ends with it; it cannot ask anything on the
   * terminal then.
   */
  ownGroup?: boolean;
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
  /** Asks it to end (SIGTERM), and makes it end when it does not within 5 seconds. */
  end(): void;
}

/** Sends a signal; false when nobody is there to get it. */
function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Ends a process, or with a negative number a group (kill(2)); resolves when it is gone. */
async function endProcesses(target: number): Promise<void> {
  for (const [signal, patience] of [
    ["SIGTERM", 5000],
    ["SIGKILL", 1000],
  ] as const) {
    send(target, signal);
    for (let waited = 0; waited < patience; waited += 50) {
      if (!send(target, 0)) return;
      await setTimeout(50);
    }
  }
}

/** Starts a program. */
export function startCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): RunningCommand {
  options.signal.throwIfAborted();
  const { cwd, env, ownGroup = false } = options;
  const child = spawn(program, args, { cwd, env, detached: ownGroup });
  let closed = false;
  child.on("close", () => {
    closed = true;
  });
  const target = ownGroup ? -(child.pid ?? 0) : (child.pid ?? 0);
  let ending: Promise<void> | undefined;
  const end = () => {
    if (target !== 0 && !closed) ending ??= endProcesses(target);
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
      await ending;
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

/** What is told of a program that failed. */
export function detailsOf({ exit, signal, stderr }: Ended): FailureDetails {
  return {
    ...(exit !== null && { exit }),
    ...(signal !== null && { signal }),
    ...(stderr !== "" && { stderr }),
  };
}

/** The line of what a program said on stderr that tells the cause. */
export function causeIn(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const cause = lines.find((line) => /^(fatal|error): /i.test(line)) ?? lines.at(-1);
  return cause?.replace(/^(fatal|error): /i, "") ?? "it did not say why";
}
