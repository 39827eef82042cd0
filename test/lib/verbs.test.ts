import assert from "node:assert/strict";
import { test } from "node:test";
import { checkVerb, verbNamed } from "../../lib/verbs.js";

const keep = { operands: [1, 2], flags: ["days"] } as const;
const run = { operands: [0, 0], flags: [], command: true } as const;

test("a verb by its name", () => {
  assert.equal(verbNamed({ keep, run }, "run"), run);
  for (const name of ["kep", "constructor", ""])
    assert.throws(() => verbNamed({ keep, run }, name), { name: "UsageError" }, name);
  assert.throws(() => verbNamed({ keep, run }, "kep"), { message: "unknown verb kep; did you mean keep?" });
});

test("what a verb takes, and nothing else", () => {
  const own = ["days", "all"];
  checkVerb("keep", keep, { args: ["a", "b"], flags: { days: "1", all: false, quiet: true } }, own);
  checkVerb("run", run, { args: [], flags: { days: undefined }, rest: ["true"] }, own);
  const wrong: [string, () => void][] = [
    ["an operand of keep is missing", () => checkVerb("keep", keep, { args: [], flags: {} }, own)],
    ["unexpected operand c", () => checkVerb("keep", keep, { args: ["a", "b", "c"], flags: {} }, own)],
    ["run takes no operand", () => checkVerb("run", run, { args: ["a"], flags: {} }, own)],
    ["keep takes no --all", () => checkVerb("keep", keep, { args: ["a"], flags: { all: true } }, own)],
    ["run takes no --days", () => checkVerb("run", run, { args: [], flags: { days: "1" } }, own)],
    [
      "keep takes no command after --",
      () => checkVerb("keep", keep, { args: ["a"], flags: {}, rest: ["b"] }, own),
    ],
    ["after -- comes a command", () => checkVerb("run", run, { args: [], flags: {}, rest: [] }, own)],
  ];
  for (const [message, call] of wrong) assert.throws(call, { name: "UsageError", message });
});
