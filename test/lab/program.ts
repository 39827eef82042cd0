// Running our programs, and any other, as a user would; a failed expectation shows all that there was.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

/** A folder for PATH in which each executable has its name, as the build left it. */
export const bins = fileURLToPath(new URL("../../path", import.meta.url));

/** A PATH on which they come first. */
export const pathWithBins = `${bins}:${process.env.PATH}`;

export interface Ran {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Everything about the run, for the message of an assertion. */
  report: string;
}

export interface RunOptions {
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Milliseconds after which the program is killed and the run fails (60 000). */
  limit?: number;
}

/** The built file of one of our executables, or of a step that is made for tests; undefined for other names. */
export function fileOf(name: string): string | undefined {
  if (name !== "es" && !name.startsWith("es-")) return undefined;
  const step = fileURLToPath(new URL(`steps/${name}.js`, import.meta.url));
  return existsSync(step) ? step : join(bins, name);
}

/** One of our programs under way: what it has written so far, and how it ends. It is killed with the test. */
export function underWay(
  t: Pick<TestContext, "after">,
  name: string,
  args: readonly string[],
  env = process.env,
  cwd = process.cwd(),
) {
  const child = spawn(process.execPath, [fileOf(name) ?? "", ...args], { env, cwd });
  t.after(() => child.kill("SIGKILL"));
  const seen = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    seen.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    seen.stderr += chunk;
  });
  child.stdin.on("error", () => {});
  return { child, seen, closed: once(child, "close") as Promise<[number | null, NodeJS.Signals | null]> };
}

/** Runs a program to its end. One of ours is found by its name, without the ending. */
export async function program(name: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const file = fileOf(name);
  const env = { ...process.env, ...options.env };
  const child =
    file === undefined
      ? spawn(name, args, { cwd: options.cwd, env })
      : spawn(process.execPath, [file, ...args], { cwd: options.cwd, env });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => stderr.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, options.limit ?? 60_000);
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, killer) => resolve([code, killer]));
  });
  clearTimeout(timer);
  const ran = {
    status,
    signal,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
  const report = `$ ${name} ${args.join(" ")}\nstatus ${status} signal ${signal}\n--- stdout\n${ran.stdout}--- stderr\n${ran.stderr}`;
  assert.ok(!late, `did not end in time\n${report}`);
  return { ...ran, report };
}

/** Runs a script by bash, with our executables in PATH. */
export function shell(script: string, options: RunOptions = {}): Promise<Ran> {
  const env = { ...options.env, PATH: `${bins}:${options.env?.PATH ?? process.env.PATH}` };
  return program("bash", ["-c", script], { ...options, env });
}

/** Shell text: the command, with an output that has no reader from the beginning on. */
export function unread(command: string): string {
  const python =
    "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1); os.execvp(sys.argv[1], sys.argv[1:])";
  return `python3 -c '${python}' ${command}`;
}

/** Runs a program and fails the test unless it ends with the status. */
export async function expectStatus(
  status: number,
  name: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const ran = await program(name, args, options);
  assert.equal(ran.status, status, ran.report);
  return ran;
}

/** The JSON objects of a stream of records. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
export function recordsOf(text: string): any[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** A private directory that goes with the test. */
export function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "essay-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
