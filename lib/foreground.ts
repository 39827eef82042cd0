// Running a command of the user's in the foreground, as `env` or `time` do: it has our terminal and our streams.

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { PassThrough, type Readable } from "node:stream";
import { Failure } from "./base/failure.js";
import { commandOf } from "./base/program.js";
import { showCommand } from "./base/quote.js";
import type { Interrupt } from "./interrupt.js";
import { signalGroup } from "./process-tree.js";

/** Milliseconds after a command's end in which its output is read to the end. */
const grace = 1000;
/** The same for a pipeline whose shell was ended, while its steps have remote commands to end and records to write. */
const graceAfterSignal = 20_000;

/**
 * Starts a command, has `use` do with the process what there is to do, and resolves at the process's end to its
 * exit status (128 and the number of the signal that killed it). A signal that we receive is passed on.
 */
async function runCommand(
  words: readonly string[],
  interrupt: Interrupt,
  options: SpawnOptions,
  use: (child: ChildProcess) => void,
): Promise<number> {
  const [name = "", ...args] = words;
  const [file, first] = commandOf(name);
  const child = spawn(file, [...first, ...args], options);
  const ended = interrupt.passOn((signal) => {
    if (child.pid !== undefined) signalGroup(child.pid, signal);
  });
  use(child);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) => {
        const why = error.code === "ENOENT" ? "there is no such command" : error.message;
        reject(new Failure("no-command", `cannot run ${showCommand([name])}: ${why}`));
      });
      // What it leaves behind may keep its output open for ever: that is not waited for.
      child.on("exit", (_, signal) => {
        const cut = signal !== null || interrupt.received !== undefined;
        const left = setTimeout(() => child.stdout?.destroy(), cut ? graceAfterSignal : grace);
        child.on("close", () => clearTimeout(left));
      });
      child.on("close", (status, signal) =>
        resolve(signal === null ? (status ?? 1) : 128 + constants.signals[signal]),
      );
    });
  } finally {
    ended();
  }
}

/**
 * Runs a command to its end with `variables` added to its environment, and resolves to its exit status (128 and
 * the number of the signal that killed it). A signal that we receive is passed on, and the command waited for.
 * Throws Failure "no-command" where it cannot be started.
 */
export function runForeground(
  words: readonly string[],
  variables: Record<string, string>,
  interrupt: Interrupt,
): Promise<number> {
  const env = { ...process.env, ...variables };
  return runCommand(words, interrupt, { stdio: "inherit", env }, () => {});
}

/**
 * Runs a command with `input` on its stdin and our stderr, and resolves to its exit status, as `runForeground`
 * does, and to what it wrote to stdout.
 */
export async function runFilter(
  words: readonly string[],
  input: string,
  interrupt: Interrupt,
): Promise<{ status: number; output: Buffer }> {
  const chunks: Buffer[] = [];
  const status = await runCommand(words, interrupt, { stdio: ["pipe", "pipe", "inherit"] }, (child) => {
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A command that does not read its stdin is no error.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
  return { status, output: Buffer.concat(chunks) };
}

/**
 * Runs a command as a stage of a pipeline: `input` on its stdin, what it writes to stdout handed to `take` as it
 * comes. Resolves, when both have ended, to its exit status, as `runForeground` does.
 */
export async function runStage(
  words: readonly string[],
  input: string,
  variables: Record<string, string>,
  interrupt: Interrupt,
  take: (output: Readable) => Promise<void>,
): Promise<number> {
  let taken: Promise<void> | undefined;
  const env = { ...process.env, ...variables };
  try {
    return await runCommand(words, interrupt, { stdio: ["pipe", "pipe", "inherit"], env }, (child) => {
      const output = new PassThrough();
      child.stdout?.pipe(output);
      // An output that is not read to its end has one for its reader, too.
      child.stdout?.on("close", () => output.end());
      taken = take(output);
      // A command that does not read its stdin is no error.
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
    });
  } finally {
    await taken;
  }
}
