// Running pipelines: each stage a process, its output the next one's input, every status seen.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { settledWithin } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import { Lines } from "../base/lines.js";
import { commandOf, isInPath, isOurs } from "../base/program.js";

/** How a stage ended. */
export interface StageEnd {
  program: string;
  status: number | null;
  signal: NodeJS.Signals | null;
}

/** Throws Failure "exec-failed" for the first program that is nowhere: before any stage has begun its work. */
export function requirePrograms(pipelines: readonly (readonly (readonly string[])[])[]): void {
  for (const [program = ""] of pipelines.flat())
    if (!isOurs(program) && !isInPath(program) && !(program.includes("/") && existsSync(program)))
      throw new Failure("exec-failed", `${program}: there is no such program in PATH`);
}

function ended(program: string, child: ChildProcess): Promise<StageEnd> {
  return new Promise((resolve, reject) => {
    child.on("exit", (status, signal) => resolve({ program, status, signal }));
    child.on("error", (error) => reject(new Failure("exec-failed", `${program}: ${error.message}`)));
  });
}

/** Who hears of signals that the stages must be told of; the function that comes back ends the listening. */
export interface Signals {
  passOn(pass: (name: NodeJS.Signals) => void): () => void;
}

/** Who takes what the stages write to stderr. */
export interface Listener {
  /** What a stage, counted from 0, is to find in its environment. */
  variables(stage: number): Record<string, string>;
  /** A line of a stage's stderr. */
  line(text: string): void;
}

/** Milliseconds after its end in which what a stage wrote to stderr is read: what it has left behind may hold that open. */
const grace = 1000;

/** Hands the lines that a stage writes to stderr to `listener`; resolves at their end. */
function listen(stderr: Readable, listener: Listener): Promise<void> {
  const lines = new Lines((line) => listener.line(line));
  stderr.setEncoding("utf8").on("data", (text: string) => lines.push(text));
  return new Promise((resolve) => {
    stderr.on("close", () => {
      lines.end();
      resolve();
    });
  });
}

/**
 * Runs one pipeline with our stdin, stdout and stderr, the last of which `listener` has instead where there is one;
 * resolves when every stage has ended.
 */
export async function runPipeline(
  stages: readonly (readonly string[])[],
  signals: Signals,
  listener?: Listener,
): Promise<StageEnd[]> {
  const children: ChildProcess[] = [];
  const ends: Promise<StageEnd>[] = [];
  const heard: Promise<void>[] = [];
  const unheard = signals.passOn((name) => {
    for (const child of children) child.kill(name);
  });
  try {
    let input: "inherit" | NonNullable<ChildProcess["stdout"]> = "inherit";
    for (const [index, [program = "", ...args]] of stages.entries()) {
      const last = index === stages.length - 1;
      const [file, first] = commandOf(program);
      const child: ChildProcess = spawn(file, [...first, ...args], {
        stdio: [input, last ? "inherit" : "pipe", listener ? "pipe" : "inherit"],
        env: { ...process.env, ...listener?.variables(index) },
      });
      if (listener && child.stderr) heard.push(listen(child.stderr, listener));
      // The next stage has the pipe now; as long as we hold it, too, nobody sees that a reader went.
      if (input !== "inherit") input.destroy();
      children.push(child);
      ends.push(ended(program, child));
      if (child.stdout) input = child.stdout;
    }
    const settled = await Promise.allSettled(ends);
    await settledWithin(grace, Promise.all(heard));
    for (const child of children) child.stderr?.destroy();
    return settled.map((one) => {
      if (one.status === "rejected") throw one.reason;
      return one.value;
    });
  } finally {
    unheard();
  }
}

/** What a shell says of a stage that ended: 128 and its number for a signal. */
const shellStatus = ({ status, signal }: StageEnd) =>
  signal ? 128 + (constants.signals[signal] ?? 0) : (status ?? 1);

/**
 * The exit status of a pipeline: 2 where any stage was called wrongly; that of its last stage, if it is ours
 * and so knows of all failures before it; otherwise that of the last stage which failed.
 */
export function statusOf(ends: readonly StageEnd[]): number {
  if (ends.some(({ status }) => status === 2)) return 2;
  const last = ends.at(-1);
  if (last && isOurs(last.program)) return shellStatus(last);
  return ends.map(shellStatus).findLast((status) => status !== 0) ?? 0;
}
