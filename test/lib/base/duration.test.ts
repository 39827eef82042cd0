import assert from "node:assert/strict";
import { test } from "node:test";
import { duration } from "../../../lib/base/duration.js";

test("times are in seconds, and in minutes from sixty on", () => {
  assert.deepEqual([0, 449, 59_900, 60_000, 125_400].map(duration), [
    "0.0 s",
    "0.4 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 5 s",
  ]);
});
