// Copies of virtualenvs. To make one takes es-venv a second, and pip seconds more where it is started for the first
// time; `bin/python` of a copy works all the same, which is all that es-pip and es-supervisor start.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expectStatus, recordsOf } from "./program.js";

/** Its directory for modules. */
export function siteOf(venv: string): string {
  const lib = join(venv, "lib");
  return join(lib, readdirSync(lib).find((name) => /^python3/.test(name)) ?? "", "site-packages");
}

/**
 * Copies a virtualenv, with what our programs know of it. The files of pip are the same ones, not copies: remove one
 * before you write another in its place.
 */
export function copyVenv(from: string, to: string): void {
  const pip = join(siteOf(from), "pip");
  const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
  cpSync(from, to, { ...options, filter: (path) => path !== pip });
  execFileSync("cp", ["-al", pip, join(to, relative(from, pip))]);
  cpSync(join(from, "../.essay"), join(to, "../.essay"), { recursive: true });
}

/** Has es-venv make the virtualenv `a` below a prefix; its record comes back. */
export async function makeVenv(prefix: string, env: NodeJS.ProcessEnv = {}) {
  const input = `${JSON.stringify({ host: "@local", transport: "local", prefix })}\n`;
  const ran = await expectStatus(0, "es-venv", ["a"], { input, env });
  return recordsOf(ran.stdout)[0];
}

let first: Promise<{ prefix: string; record: Awaited<ReturnType<typeof makeVenv>> }> | undefined;

async function makeFirst() {
  const prefix = mkdtempSync(join(tmpdir(), "essay-venv-"));
  process.once("exit", () => rmSync(prefix, { recursive: true }));
  const record = await makeVenv(prefix);
  // Where es-venv has found nothing that was compiled of this pip.
  const venv = join(prefix, "a");
  execFileSync(join(venv, "bin/python"), ["-I", "-m", "compileall", "-q", join(siteOf(venv), "pip")]);
  return { prefix, record };
}

/**
 * The virtualenv `a` below a prefix, a copy of the one that is made for the test file, or of the one below another
 * prefix; its record comes back.
 */
export async function newVenv(prefix: string, from?: string) {
  first ??= makeFirst();
  const { prefix: usual, record } = await first;
  copyVenv(join(from ?? usual, "a"), join(prefix, "a"));
  return { ...record, prefix, venv: { name: "a", path: join(prefix, "a") } };
}
