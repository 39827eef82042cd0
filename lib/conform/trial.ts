// Trying a command with an input: what it writes, and how it ends.

import { spawn } from "node:child_process";
import { Failure } from "../base/failure.js";
import { commandOf } from "../base/program.js";
import { showCommand } from "../base/quote.js";
import type { Case, Trial } from "./cases.js";

/** What of each output is kept: more than any case can rightly bring about. */
const most = 8 << 20;

/**
 * Runs the command with the input of a case; after `ms` milliseconds (0 for no limit), and when `signal` is aborted, it
 * is killed with all that is in its process group. Throws Failure "no-command" where it cannot be started.
 */
export function tryCase(
  words: readonly string[],
  { stdin, unread }: Pick<Case, "stdin" | "unread">,
  ms: number,
  signal: AbortSignal,
): Promise<Trial> {
  const [name = "", ...args] = words;
  const [file, first] = commandOf(name);
  const child = spawn(file, [...first, ...args], { detached: true, stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      if (output[stream].length < most) output[stream] += text;
    });
  if (unread) child.stdout.destroy();
  // One that does not read all of its input may be right in that.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);

  let late = false;
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // all of it has ended
    }
  };
  const whenLate = () => {
    late = true;
    end();
  };
  const timer = ms > 0 ? setTimeout(whenLate, ms) : undefined;
  signal.addEventListener("abort", end);
  return new Promise<Trial>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "there is no such command" : error.message;
      reject(new Failure("no-command", `cannot run ${showCommand([name])}: ${why}`));
    });
    // What it has left behind may hold its output open.
    child.on("exit", () => setTimeout(end, 1000).unref());
    child.on("close", (status, by) =>
      resolve({ status: status ?? undefined, signal: by ?? undefined, late, ...output }),
    );
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  });
}
