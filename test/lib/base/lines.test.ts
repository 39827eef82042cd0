import assert from "node:assert/strict";
import { test } from "node:test";
import { Lines } from "../../../lib/base/lines.js";

test("lines come whole, however the text is cut", () => {
  const taken: string[] = [];
  const lines = new Lines((line) => taken.push(line));
  for (const piece of ["a", "b\nc", "\n", "\nd"]) lines.push(piece);
  assert.deepEqual(taken, ["ab", "c", ""]);
  lines.end();
  lines.end();
  assert.deepEqual(taken, ["ab", "c", "", "d"]);
});

test("of a line that never ends nothing is kept, and the next one is whole", () => {
  const taken: string[] = [];
  const lines = new Lines((line) => taken.push(line));
  for (let i = 0; i < 3000; i++) lines.push("x".repeat(1000));
  lines.push("y\nnext\n");
  assert.deepEqual(taken, ["(a line of more than 1048576 characters)", "next"]);
});
