// Running a command of the user's in the foreground, as `env` or `time` do: it has our terminal and our streams.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Failure } from "./base/failure.js";
import { showCommand } from "./base/quote.js";
import type { Interrupt } from "./interrupt.js";

/**
 * Runs a command to its end with `variables` added to its environment, and resolves to its exit status (128 and
 * the number of the signal that killed it). A signal that we receive is passed on, and the command waited for.
 * Throws Failure "no-command" where it cannot be started.
 */
export async function runForeground(
  words: readonly string[],
  variables: Record<string, string>,
  interrupt: Interrupt,
): Promise<number> {
  const [name = "", ...args] = words;
  const child = spawn(name, args, { stdio: "inherit", env: { ...process.env, ...variables } });
  const ended = interrupt.passOn((signal) => child.kill(signal));
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) => {
        const why = error.code === "ENOENT" ? "there is no such command" : error.message;
        reject(new Failure("no-command", `cannot run ${showCommand([name])}: ${why}`));
      });
      child.on("exit", (status, signal) =>
        resolve(signal === null ? (status ?? 1) : 128 + constants.signals[signal]),
      );
    });
  } finally {
    ended();
  }
}
