// What comes in on stdin and is no work, to each step that reads records; and the same host twice.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";

const steps: readonly [step: string, ...args: string[]][] = [
  ["es-venv", "a"],
  ["es-pip", "tiny==1.0", "--index", "http://127.0.0.1:9/"],
  ["es-conf", "/etc/hostname:/nowhere/x"],
  ["es-run", "--", "touch", "/nowhere/x"],
  ["es-supervisor", "shutdown"],
  ["es-check"],
  ["es-status"],
  ["es-sdist", "--repo", "/nowhere", "--branch", "master", "--out", "/nowhere/x"],
  ["es-wheel", "--index", "http://127.0.0.1:9/", "--out", "/nowhere/x"],
  ["es-upload", "--index", "http://127.0.0.1:9/"],
];

/** Lines that are no records, and what is said of them. */
const malformed: readonly [line: string, problem: RegExp][] = [
  ['{"host":\n', /line 1 of the input is malformed: not JSON/],
  ['{"project":"essay_demo","version":"1.0', /line 1 of the input is malformed: not JSON/],
  ['{"batch":{"id":"x"}}\n', /line 1 of the input is malformed: field batch/],
  [
    `{"note":"${"x".repeat(1024 * 1024)}"}\n`,
    /line 1 of the input is malformed: .*longer than 1048576 bytes/,
  ],
];

for (const [step, ...args] of steps)
  test(`${step}: a record that failed before is passed on untouched; nothing, and what is no record`, async () => {
    const failed =
      '{"host":"@local", "transport":"local","odd":1e400,"error":{"step":"x","code":"y","message":"z"}}\n';
    const ran = await expectStatus(1, step, args, { input: failed });
    assert.equal(ran.stdout, failed);
    assert.match((await expectStatus(1, step, args, { input: "" })).stderr, /nothing to do/);
    for (const [line, problem] of malformed) {
      const ran = await expectStatus(2, step, args, { input: line });
      assert.match(ran.stderr, problem);
      assert.equal(ran.stdout, "");
    }
  });

test("the same host twice in one stream: one after the other, and each has its record", async (t) => {
  const at = scratch(t);
  const path = join(at, "a");
  mkdirSync(join(path, "bin"), { recursive: true });
  symlinkSync("/usr/bin/python3", join(path, "bin/python"));
  writeFileSync(join(at, "template"), "{{host}}\n");
  const record = { host: "@local", transport: "local", prefix: at, venv: { name: "a", path } };
  const line = `${JSON.stringify({ ...record, batch: { id: "x", size: 2 } })}\n`;
  const twice = async (step: string, ...args: string[]) =>
    recordsOf((await expectStatus(0, step, args, { input: line + line, cwd: at })).stdout);
  const changes = (records: Awaited<ReturnType<typeof twice>>) =>
    records.map(({ trace }) => trace?.at(-1).changed);

  assert.deepEqual(changes(await twice("es-conf", "template:x")), [true, false]);
  const alone = `mkdir ${at}/busy && echo x >>${at}/ran && sleep 0.2 && rmdir ${at}/busy`;
  assert.deepEqual(changes(await twice("es-run", "--", "sh", "-c", alone)), [true, true]);
  assert.equal(readFileSync(join(at, "ran"), "utf8"), "x\nx\n");
  const status = await twice("es-status");
  assert.deepEqual(changes(status), [undefined, undefined]);
  assert.deepEqual(
    status.map(({ venvs }) => venvs.map(({ name }: { name: string }) => name)),
    [["a"], ["a"]],
  );
  for (const step of ["es-gate", "es-pick"])
    assert.equal((await twice(step, ...(step === "es-pick" ? ["--ok"] : []))).length, 2);
});
