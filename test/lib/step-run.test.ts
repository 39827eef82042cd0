import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedFailures } from "../../lib/step-run.js";
import { expectStatus, recordsOf, shell, unread } from "../lab/program.js";

test("a percentage of failures is rounded down, a number is what it is", () => {
  assert.equal(allowedFailures({ percent: 30 }, 9), 2);
  assert.equal(allowedFailures({ percent: 0 }, 9), 0);
  assert.equal(allowedFailures({ percent: 100 }, 9), 9);
  assert.equal(allowedFailures({ count: 3 }, 1), 3);
});

test("--max-fail lets so many fail, and says which", async () => {
  const input = Array.from(
    { length: 10 },
    (_, i) => `${JSON.stringify({ host: `h${i}`, vars: i < 3 ? { fail: "locked" } : {} })}\n`,
  ).join("");
  for (const [allowed, status] of [
    ["3", 0],
    ["2", 1],
    ["30%", 0],
    ["29%", 1],
    ["100%", 0],
  ] as const) {
    const { stderr } = await expectStatus(status, "es-work", ["-k", "--max-fail", allowed], { input });
    if (status === 0) assert.match(stderr, /es-work: 3 of 10 failed, as --max-fail allows: h0, h1, h2\n/);
  }
});

test("a record that grows beyond the longest line says so, and stays readable", async () => {
  const most = 1024 * 1024;
  const start = '{"host":"h0","vars":{},"more":"';
  const input = `${start}${"x".repeat(most - start.length - 2)}"}\n`;
  const ran = await expectStatus(1, "es-work", [], { input });
  const [record] = recordsOf(ran.stdout);
  assert.equal(record.host, "h0");
  assert.equal(record.error.code, "record-too-long");
  assert.ok(ran.stdout.length < most);
});

test("a table that nobody reads is no success", async () => {
  const ran = await shell(`printf '{"host":"h0"}\\n' | ${unread("es-report")}`);
  assert.match(ran.stderr, /nobody read the records of: h0/, ran.report);
  assert.equal(ran.status, 1, ran.report);
});
