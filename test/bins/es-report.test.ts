import assert from "node:assert/strict";
import { test } from "node:test";
import { expectStatus } from "../lab/program.js";

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

test("--json passes the records on", async () => {
  const input = lines(done, { host: "web3", x: [1, { y: null }] });
  const ran = await expectStatus(0, "es-report", ["--json"], { input });
  assert.equal(ran.stdout, input);
});

test("it takes no operand", async () => {
  await expectStatus(2, "es-report", ["x"], { input: lines(done) });
});
