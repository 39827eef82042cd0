import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requirePrograms, statusOf } from "../../../lib/alias/pipeline.js";
import { Failure } from "../../../lib/base/failure.js";
import { expectStatus, program, scratch } from "../../lab/program.js";

// runPipeline uses this process's own stdin and stdout: it is tested with es.

const end = (name: string, status: number | null, signal: NodeJS.Signals | null = null) => ({
  program: name,
  status,
  signal,
});

test("a program that is nowhere is told before anything begins", (t) => {
  const file = join(scratch(t), "here");
  writeFileSync(file, "");
  requirePrograms([[["es-hosts", "dev"], ["sh"]], [[file]]]);
  for (const name of ["es-nosuch", "/no/such"])
    assert.throws(
      () => requirePrograms([[["es-hosts"]], [["sh"], [name, "x"]]]),
      (error) =>
        error instanceof Failure &&
        error.code === "exec-failed" &&
        error.message === `${name}: there is no such program in PATH`,
    );
});

test("the status is that of our last stage, which knows of all failures before it", () => {
  assert.equal(statusOf([end("es-hosts", 0), end("es-venv", 0)]), 0);
  assert.equal(statusOf([end("es-hosts", 0), end("es-venv", 1)]), 1);
  assert.equal(statusOf([end("es-hosts", 1), end("es-venv", 0)]), 0);
  assert.equal(statusOf([end("es-hosts", 0), end("es-venv", null, "SIGKILL")]), 137);
});

test("a last stage that is not ours knows nothing of them", () => {
  assert.equal(statusOf([end("es-venv", 0), end("tee", 0)]), 0);
  assert.equal(statusOf([end("es-venv", 1), end("tee", 0)]), 1);
  assert.equal(statusOf([end("es-venv", null, "SIGKILL"), end("tee", 0)]), 137);
  assert.equal(statusOf([end("es-venv", 1), end("grep", 3)]), 3);
});

test("a stage that was called wrongly makes the whole pipeline wrong", () => {
  assert.equal(statusOf([end("es-hosts", 2), end("es-venv", 1)]), 2);
});

/** Runs an alias in a folder with a configuration. */
async function runAlias(t: Parameters<typeof scratch>[0], alias: string, input = "") {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), `[alias]\nx = '''${alias}'''\n`);
  return program("es", ["x"], { cwd, input });
}

test("input and output go through programs of all kinds, which find them blocking as always", async (t) => {
  const input = "x\n".repeat(500_000);
  const ran = await runAlias(t, "cat | tr x y | cat", input);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(ran.stdout, input.replaceAll("x", "y"));
});

test("a stage whose reader went says so", async (t) => {
  const ran = await runAlias(t, "es-hosts web[1-50000].x | head -n 1");
  assert.equal(ran.status, 1, ran.stderr);
  assert.equal(ran.stdout.trim().split("\n").length, 1);
  assert.match(ran.stderr, /^es-hosts: nobody read the records of: /m);
  assert.doesNotMatch(ran.stderr, /ECONNRESET|internal/);
});

test("a program that cannot be started ends the rest", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "plain"), "no program");
  writeFileSync(join(cwd, "essay.toml"), "[alias]\nx = 'echo a | ./plain | cat'\n");
  const ran = await expectStatus(1, "es", ["x"], { cwd });
  assert.match(ran.stderr, /exec-failed: \.\/plain: .*EACCES/);
});
