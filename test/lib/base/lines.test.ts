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
