import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";

const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

const trace = (step: string, changed: boolean) => ({
  step,
  args: [],
  at: "2026-11-21T08:00:03Z",
  ms: 1,
  changed,
});
const done = {
  host: "web1",
  user: "me",
  port: 22,
  venv: { name: "a", path: "/srv/a" },
  project: "essay_demo",
  version: "6.11.21.1",
  trace: [trace("es-venv", false), trace("es-pip", true)],
};
const failed = { host: "web2", error: { step: "es-pip", code: "pip-failed", message: "pip: \u001b[31mno" } };

test("records become a table, also in a file or pipe", async () => {
  const ran = await expectStatus(0, "es-report", [], { input: lines(done, { host: "web3" }) });
  assert.equal(
    ran.stdout,
    [
      "HOST        VENV  PROJECT     VERSION    RESULT",
      "me@web1:22  a     essay_demo  6.11.21.1  ok, changed by es-pip",
      "web3                                     ok",
      "2 hosts: 2 ok (1 changed)",
      "",
    ].join("\n"),
  );
  assert.equal(ran.stderr, "");
});

test("a failed record is a row, and the status", async () => {
  const ran = await expectStatus(1, "es-report", [], { input: lines(done, failed) });
  assert.match(ran.stdout, /^web2 .*failed in es-pip: pip-failed: pip: \\x1b\[31mno$/m);
  await expectStatus(0, "es-report", ["--max-fail", "1"], { input: lines(done, failed) });
});

test("missing records are told", async () => {
  const batch = { id: "k3v9", size: 3 };
  const ran = await expectStatus(1, "es-report", [], { input: lines({ ...done, batch }) });
  assert.match(ran.stderr, /2 of the 3 records of batch k3v9 never came/);
  await expectStatus(0, "es-report", ["--partial"], { input: lines({ ...done, batch }) });
});

test("no record at all is a failure", async () => {
  const ran = await expectStatus(1, "es-report", [], { input: "" });
  assert.equal(ran.stdout, "");
  assert.match(ran.stderr, /nothing to do/);
});

test("a malformed line is told, and the others are shown", async () => {
  const ran = await expectStatus(2, "es-report", [], { input: `${lines(done)}{"host":\n` });
  assert.match(ran.stdout, /^me@web1:22/m);
  assert.match(ran.stderr, /line 2 of the input is malformed/);
});

test("a field of an unexpected type leaves its cell empty", async () => {
  const ran = await expectStatus(0, "es-report", [], {
    input: lines({ host: 3, venv: [1], processes: "x", trace: 1 }),
  });
  assert.equal(ran.stdout, "HOST\nrecord\n");
});

test("--json writes the summary as one line", async () => {
  const ran = await expectStatus(1, "es-report", ["--json"], { input: lines(done, failed) });
  const [summary] = recordsOf(ran.stdout);
  assert.equal(summary?.failed, 1);
  assert.deepEqual(summary?.reasons, [{ step: "es-pip", code: "pip-failed", records: ["web2"] }]);
});

test("--markdown writes Markdown", async () => {
  const ran = await expectStatus(1, "es-report", ["--markdown"], { input: lines(done, failed) });
  assert.match(ran.stdout, /^2 hosts: 1 ok \(1 changed\), 1 failed .*\n\n\| Host \| Venv .*\n\| ---/);
  assert.ok(!ran.stdout.includes("\u001b"), ran.stdout);
});

test("a roll that stopped is told in one line", async () => {
  const untouched = (host: string) => ({
    host,
    error: { step: "es-roll", code: "not-attempted", message: "the roll stopped before its batch" },
  });
  const input = lines(failed, untouched("web3"), untouched("web4"));
  const ran = await expectStatus(1, "es-report", [], { input });
  assert.match(ran.stdout, /\n3 hosts: 0 ok, 1 failed \(es-pip: pip-failed 1\), 2 not begun\n$/);
});

test("--html writes a page beside the table, whole or not at all", async (t) => {
  const folder = scratch(t);
  const file = join(folder, "run.html");
  const ran = await expectStatus(1, "es-report", ["--html", file], { input: lines(done, failed) });
  assert.match(ran.stdout, /^HOST /);
  assert.match(readFileSync(file, "utf8"), /^<!doctype html>\n.*web2.*<\/html>\n$/s);
  assert.deepEqual(readdirSync(folder), ["run.html"]);
});

test("a page that cannot be written is told before anything is read, or after the table is", async (t) => {
  const folder = scratch(t);
  const before = await expectStatus(2, "es-report", ["--html", join(folder, "none/run.html")], {
    input: lines(done),
  });
  assert.match(before.stderr, /cannot write .*none\/run\.html: ENOENT/);
  const after = await expectStatus(1, "es-report", ["--html", folder], { input: lines(done) });
  assert.match(after.stdout, /^me@web1:22/m);
  assert.match(after.stderr, /in-the-way: cannot write .*: a folder there has that name/);
  assert.deepEqual(readdirSync(folder), []);
});

test("--markdown and --json exclude each other", async () => {
  await expectStatus(2, "es-report", ["--markdown", "--json"], { input: lines(done) });
});

test("it takes no operand", async () => {
  await expectStatus(2, "es-report", ["x"], { input: lines(done) });
});
