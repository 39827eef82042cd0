import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, describe } from "./drift.js";

/** The samples of a number that has these values. */
const series = (what: string, values: readonly number[]) => values.map((value) => ({ [what]: value }));

const drifts = (what: string, values: readonly number[]) => compare(series(what, values))[0]?.drifts;

test("what grows from sample to sample drifts, be it by one in all the time", () => {
  assert.equal(drifts("files", [7, 8, 9, 10, 11, 12, 13, 14]), true);
  assert.equal(drifts("files", [7, 7, 7, 7, 7, 7, 8, 8]), true);
});

test("what warms up, goes up and down, or becomes less does not", () => {
  for (const values of [
    [1, 5, 9, 9, 9, 9, 9, 9],
    [9, 9, 9, 8, 9, 8, 9, 9],
    [9, 9, 9, 9, 8, 8, 8, 7],
    [4, 4, 4, 4],
  ])
    assert.equal(drifts("files", values), false, String(values));
});

test("memory may be a little more at the end, and no more than that", () => {
  assert.equal(drifts("memory of x, KiB", [0, 20_000, 20_000, 21_900]), false);
  assert.equal(drifts("memory of x, KiB", [0, 20_000, 20_000, 22_100]), true);
});

test("what has a limit may grow up to it", () => {
  const some = series("history", [1, 2, 3, 4]);
  assert.equal(compare(some, { history: 4 })[0]?.drifts, false);
  assert.equal(compare(some, { history: 3 })[0]?.drifts, true);
});

test("what was not measured at the end is no success", () => {
  assert.equal(compare([{ files: 1 }, { files: 1 }, { files: 1 }, {}])[0]?.drifts, true);
});

test("too few samples to compare are an error", () => {
  assert.throws(() => compare(series("files", [1, 2, 3])), /3 samples are too few/);
});

test("the table has a line for each number", () => {
  const rows = compare([3, 3, 4, 5, 6].map((files) => ({ files, "processes here": 2 })));
  assert.equal(
    describe(rows),
    `                first   last
files           4 to 4  6 to 6  DRIFTS
processes here  2 to 2  2 to 2`,
  );
});
