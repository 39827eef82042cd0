import assert from "node:assert/strict";
import { test } from "node:test";
import {
  badVerdict,
  describeBad,
  readVerdicts,
  shortReason,
  type Verdict,
  verdictLine,
} from "../../../lib/status/verdicts.js";

const at = "2026-01-31T08:00:00Z";
const bad: Verdict = {
  project: "demo",
  version: "1.0",
  verdict: "bad",
  why: 'loses "mail"',
  at,
  by: "ann@c",
};
const good: Verdict = { project: "demo", version: "1.0", verdict: "good", at, by: "bob@c" };

test("a verdict is a line of JSON, and of a version the last one counts", () => {
  const lines = [bad, { ...bad, version: "2.0" }, good].map((one) => verdictLine(one).join(""));
  assert.deepEqual(readVerdicts(lines), [bad, { ...bad, version: "2.0" }, good]);
  const all = readVerdicts(lines);
  assert.equal(badVerdict(all, "demo", "1.0"), undefined);
  assert.equal(badVerdict(all, "demo", "2.0")?.why, bad.why);
  assert.equal(badVerdict(all, "other", "2.0"), undefined);
  assert.equal(badVerdict(readVerdicts([...lines, lines[0] ?? ""]), "demo", "1.0")?.verdict, "bad");
});

test("lines that say the same of the same version begin in the same way, and no others do", () => {
  const beginning = (one: Verdict) => verdictLine(one).slice(0, 2).join("");
  assert.equal(beginning(bad), beginning({ ...bad, at: "2027-01-31T08:00:00Z", by: "bob@c" }));
  for (const other of [
    good,
    { ...bad, why: "loses" },
    { ...bad, version: "1.0.1" },
    { ...bad, project: "d" },
  ]) {
    assert.ok(!verdictLine(other).join("").startsWith(beginning(bad)));
    assert.ok(!verdictLine(bad).join("").startsWith(beginning(other)));
  }
});

test("lines that are no verdicts are passed over", () => {
  const lines = ["", "{", "[]", "null", '{"project":"demo","version":"1.0","verdict":"bad"}'];
  const wrong = verdictLine({ ...bad, verdict: "ugly" as "bad" }).join("");
  assert.deepEqual(readVerdicts([...lines, wrong]), []);
});

test("a reason is one line of a bounded length", () => {
  assert.equal(shortReason(" loses\n mail\u001b[2J "), "loses mail\\x1b[2J");
  assert.equal(shortReason("x".repeat(1000)).length, 303);
});

test("what people are told", () => {
  assert.equal(describeBad(bad), `marked bad by ann@c on ${at}: loses "mail"`);
  const { why: _, ...without } = bad;
  assert.equal(describeBad(without), `marked bad by ann@c on ${at}`);
});
