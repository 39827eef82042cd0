import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, casesWith, type Trial } from "../../../lib/conform/cases.js";

const cases = casesWith({});

function caseNamed(name: string): Case {
  const found = cases.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

const trial = (stdout: string, more: Partial<Trial> = {}): Trial => ({
  ...{ status: 0, signal: undefined, late: false, stdout, stderr: "" },
  ...more,
});

test("what passes all records on conforms, in whatever order and with its own entry of the trace", () => {
  const one = caseNamed("three records");
  const lines = one.stdin.trimEnd().split("\n");
  const added = lines.map((line) => line.replace('"changed":false}]', '"changed":false},{"step":"mine"}]'));
  assert.notDeepEqual(added, lines);
  assert.deepEqual(one.judge(trial(`${added.reverse().join("\n")}\n`)), []);
});

test("records have names of fields that are special elsewhere, and losing them is told", () => {
  const one = caseNamed("a record with fields that it does not know");
  const rewritten = JSON.stringify(JSON.parse(one.stdin));
  assert.deepEqual(one.judge(trial(`${rewritten}\n`)), []);
  const lost = JSON.stringify(
    Object.assign({}, JSON.parse(one.stdin), { conform: { number: 1, unknown: {} } }),
  );
  assert.deepEqual(one.judge(trial(`${lost}\n`)), [
    "conform of the record of conform-1.invalid (1) is changed or gone",
  ]);
});

test("a dry run stays one", () => {
  const one = caseNamed("a dry run");
  assert.deepEqual(one.judge(trial(one.stdin.replace(',"plan":true', ""))), [
    "plan of the record of conform-1.invalid (1) is changed or gone",
  ]);
});

test("a failure of its own is well where the status tells it", () => {
  const one = caseNamed("a record with fields that it does not know");
  const failed = one.stdin.replace("{", '{"error":{"step":"mine","code":"x","message":"y"},');
  assert.deepEqual(one.judge(trial(failed, { status: 1 })), []);
  assert.deepEqual(one.judge(trial(failed)), ["its status is 0, not 1: a record that it wrote has an error"]);
  assert.deepEqual(one.judge(trial(one.stdin, { status: 1 })), [
    "its status is 1, not 0: no record that it wrote has an error",
  ]);
});

test("an output without a reader ends a step, by a signal or with a status that tells it", () => {
  const one = caseNamed("nobody reads its output");
  assert.ok(one.unread);
  assert.deepEqual(one.judge(trial("", { status: undefined, signal: "SIGPIPE" })), []);
  assert.deepEqual(one.judge(trial("", { status: 1 })), []);
  assert.deepEqual(one.judge(trial("")), ["its status is 0, and records are lost"]);
  assert.deepEqual(one.judge(trial("", { status: undefined, signal: "SIGKILL", late: true })), [
    "it did not end in time, and was ended",
  ]);
});

test("the fields of a sample take the place of ours", () => {
  for (const { name, stdin } of casesWith({ host: "@local", prefix: "/srv" }))
    if (stdin !== "") assert.match(stdin, /^\{"host":"@local","transport":"ssh","prefix":"\/srv",/, name);
});
