import assert from "node:assert/strict";
import { test } from "node:test";
import { randomHex } from "../../../lib/base/random.js";

test("as many bytes as are asked for, and others each time", () => {
  const some = Array.from({ length: 50 }, () => randomHex(8));
  for (const one of some) assert.match(one, /^[0-9a-f]{16}$/);
  assert.equal(new Set(some).size, some.length);
  assert.match(randomHex(12), /^[0-9a-f]{24}$/);
});
