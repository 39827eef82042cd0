import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { historyIn } from "../lab/history.js";
import { identity, kill, until } from "../lab/processes.js";
import { expectStatus, scratch } from "../lab/program.js";
import { recordOf, supervised } from "../lab/supervised.js";

test("processes, strays and their end; what was done is in the history", async (t) => {
  const { es, path, prefix } = await supervised(t);
  const directory = join(path, "..");
  const hosts = await expectStatus(0, "es-hosts", ["@local", "--prefix", directory]);
  writeFileSync(join(directory, "essay.toml"), 'history.file = "here.jsonl"\n');
  const status = async (code: number, args: string[], input = hosts.stdout) =>
    recordOf(await expectStatus(code, "es-status", args, { input, cwd: directory }));
  await es(0, "up", "--profile", "test");
  copyFileSync("/bin/sleep", join(path, "bin/stray"));
  mkdirSync(join(directory, "b/.essay"), { recursive: true });
  writeFileSync(join(directory, "b/.essay/changing"), "es-pip\n");
  const stray = spawn(join(path, "bin/stray"), ["1000"]);
  // Its words name the virtualenv, and yet it is none of its processes.
  const other = spawn("sleep", ["1000"], { argv0: `sleep ${path}/bin/stray` });
  t.after(() => kill([stray.pid as number, other.pid as number]));

  const all = await status(0, []);
  const [a, b] = all.venvs;
  assert.equal(all.trace, undefined);
  assert.deepEqual([a.name, a.path, a.state, a.supervisor], ["a", path, "sound", "running"]);
  assert.deepEqual(
    a.processes.map(({ state, port }: Record<string, unknown>) => [state, port]),
    [["RUNNING", Number(`${prefix}0`)]],
  );
  assert.equal(a.started, a.generation);
  assert.ok(a.memory > 0 && a.cpu >= 0, JSON.stringify(a));
  assert.deepEqual(
    a.strays.map(({ pid }: { pid: number }) => pid),
    [stray.pid],
  );
  assert.deepEqual([b.name, b.state, b.marks, b.supervisor], ["b", "marked", ["es-pip"], "down"]);
  assert.equal(all.system.load.length, 3);

  const plan = await status(0, ["a", "--end-strays", "--dry-run"]);
  assert.equal(plan.trace.at(-1).changed, true);
  assert.ok(identity(stray.pid as number), "a dry run has ended a process");
  const live = hosts.stdout.replace("}\n", ',"live":"a"}\n');
  assert.equal((await status(1, ["a", "--end-strays"], live)).error.code, "live");
  const ended = await status(0, ["a", "--end-strays"]);
  assert.equal(ended.trace.at(-1).changed, true);
  assert.deepEqual(ended.venvs[0].strays, []);
  assert.deepEqual(ended.processes, a.processes);
  assert.equal(identity(stray.pid as number), undefined);
  assert.ok(identity(other.pid as number), "a process was ended for its words");

  const { history } = await status(0, ["a", "--history"]);
  assert.deepEqual(
    history.map(({ step, outcome, venv }: Record<string, string>) => [step, outcome, venv]),
    ["es-venv", "es-supervisor", "es-status"].map((step) => [step, "done", "a"]),
  );
  assert.deepEqual(historyIn(join(directory, ".essay/history.jsonl")), history);
  assert.deepEqual(historyIn(join(directory, "here.jsonl")), history.slice(1));

  // What a killed supervisord leaves behind is a stray, and what fails after a change is noted.
  const [process] = a.processes;
  const daemon = Number(readFileSync(join(path, "tmp/supervisord.pid"), "utf8"));
  kill([daemon]);
  await until("the end of supervisord", () => identity(daemon) === undefined);
  const left = await status(0, ["a"]);
  assert.deepEqual(left.processes, []);
  assert.deepEqual(
    left.venvs[0].strays.map(({ pid }: { pid: number }) => pid),
    [process.pid],
  );
  await es(1, "up", "--profile", "crash");
  const [failed] = (await status(0, ["a", "--history", "-n", "1"])).history;
  assert.deepEqual([failed.step, failed.outcome, failed.code], ["es-supervisor", "failed", "process-failed"]);
});

test("nothing there, and what is no virtualenv", async (t) => {
  const directory = scratch(t);
  const { stdout: input } = await expectStatus(0, "es-hosts", [
    "@local",
    "--prefix",
    join(directory, "none"),
  ]);
  const empty = recordOf(await expectStatus(0, "es-status", [], { input }));
  assert.deepEqual([empty.venvs, empty.history], [[], []]);
  assert.equal(existsSync(join(directory, "none")), false);
  assert.equal(recordOf(await expectStatus(1, "es-status", ["a"], { input })).error.code, "no-venv");
  await expectStatus(2, "es-status", ["--end-strays"], { input });
  await expectStatus(2, "es-status", ["../a"], { input });
});
