import assert from "node:assert/strict";
import { test } from "node:test";
import { actsOf, endingOf, type Row, sentenceOf, summarise, troubleOf } from "../../../lib/report/summary.js";

const second = (at: number) => `2026-11-22T08:00:${String(at).padStart(2, "0")}Z`;
const start = Date.parse(second(0));

const act = (step: string, at: number, ms: number, more: object = {}) => ({
  step,
  args: [],
  at: second(at),
  ms,
  changed: false,
  ...more,
});
const failure = (step: string, code: string) => ({ error: { step, code, message: "m" } });

const rows: Row[] = [
  { host: "web1", trace: [act("es-venv", 0, 400), act("es-pip", 0, 1000, { changed: true })] },
  { host: "web2", trace: [act("es-venv", 1, 600)] },
  {
    host: "web3",
    trace: [act("es-venv", 2, 500), act("es-pip", 2, 3000, { code: "pip-failed" })],
    ...failure("es-pip", "pip-failed"),
  },
  {
    host: "web4",
    trace: [act("es-venv", 9, 0, { code: "not-attempted" })],
    ...failure("es-venv", "not-attempted"),
  },
  { host: "web5", ...failure("es-roll", "not-attempted") },
];

test("a step begins no earlier than the one before it ended, as the clock counts whole seconds", () => {
  assert.deepEqual(
    actsOf(rows[0] ?? {}).map(({ from }) => from - start),
    [0, 400],
  );
});

test("a record ends ok, changed, failed, or untouched where no step had begun", () => {
  assert.deepEqual(rows.map(endingOf), ["changed", "ok", "failed", "untouched", "untouched"]);
  const midway = { trace: [act("es-venv", 0, 1), act("es-pip", 1, 0, { code: "not-attempted" })] };
  assert.equal(endingOf({ ...midway, ...failure("es-pip", "not-attempted") }), "failed");
});

test("a summary counts records, reasons and steps", () => {
  const summary = summarise(rows, 2);
  const { steps, span, reasons, ...counts } = summary;
  assert.deepEqual(counts, {
    noun: "hosts",
    records: 5,
    ok: 2,
    changed: 1,
    failed: 1,
    untouched: 2,
    missing: 2,
  });
  assert.deepEqual(span, { from: start, to: start + 5500 });
  assert.deepEqual(reasons, [
    { step: "es-pip", code: "pip-failed", records: ["web3"] },
    { step: "es-venv", code: "not-attempted", records: ["web4"] },
    { step: "es-roll", code: "not-attempted", records: ["web5"] },
  ]);
  assert.deepEqual(steps, [
    { step: "es-venv", records: 3, changed: 0, failed: 0, median: 500, most: 600, slowest: "web2" },
    { step: "es-pip", records: 2, changed: 1, failed: 1, median: 1000, most: 3000, slowest: "web3" },
  ]);
  assert.equal(
    sentenceOf(summary),
    "7 hosts: 2 ok (1 changed), 1 failed (es-pip: pip-failed 1), 2 not begun, 2 never came",
  );
});

test("a summary is named after what its records are of", () => {
  assert.equal(summarise([{ project: "demo", version: "1.0" }], 0).noun, "releases");
  assert.equal(summarise([{ host: "web1" }, { project: "demo", version: "1.0" }], 0).noun, "records");
  assert.equal(sentenceOf(summarise([{ project: "demo", version: "1.0" }], 0)), "1 release: 1 ok");
});

test("fields of other types count as absent", () => {
  const odd = [
    { trace: "x" },
    { trace: [1, null, { step: 1 }, act("es-pip", 0, -1), { ...act("es-pip", 0, 1), at: "yesterday" }] },
    { trace: { length: 1 } },
  ];
  for (const row of odd) assert.deepEqual(actsOf(row), []);
  assert.deepEqual(troubleOf({ error: "broken" }), {
    step: "a step",
    code: "error",
    message: "",
    stderr: "",
  });
  assert.deepEqual(troubleOf({ error: { step: 1, code: [], message: {}, stderr: 2 } })?.code, "error");
  assert.equal(troubleOf({ error: null }), undefined);
  assert.equal(summarise(odd, 0).span, undefined);
});

test("a code that every object has, and escapes of a terminal, do no harm", () => {
  const summary = summarise([{ host: "x", ...failure("\x1b[31m", "__proto__") }], 0);
  assert.deepEqual(summary.reasons, [{ step: "\x1b[31m", code: "__proto__", records: ["x"] }]);
  assert.equal(sentenceOf(summary), "1 host: 0 ok, 1 failed (\\x1b[31m: __proto__ 1)");
});

test("one host is one host", () => {
  assert.equal(sentenceOf(summarise([{ host: "a" }], 0)), "1 host: 1 ok");
  assert.equal(sentenceOf(summarise([{ host: "a" }], 1)), "2 hosts: 1 ok, 1 never came");
});
