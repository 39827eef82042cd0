import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { milliseconds } from "../../../lib/base/clock.js";

test("a clock of milliseconds, which does not go back", async () => {
  const [first, second] = [milliseconds(), milliseconds()];
  assert.ok(second >= first);
  // As Node's own has them; it may have been read a little later.
  const before = performance.now();
  await pause(30);
  const between = performance.now() - before;
  assert.ok(milliseconds() - second >= between, `less than ${between}`);
});
