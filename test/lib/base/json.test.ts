import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject, jsonLines } from "../../../lib/base/json.js";

test("objects are objects, and nothing else is", () => {
  for (const value of [{}, { a: 1 }, JSON.parse('{"__proto__":1}')]) assert.ok(isObject(value));
  for (const value of [null, [], "text", 1, true, undefined]) assert.ok(!isObject(value), String(value));
});

test("lines of a log that are cut short, or are something else, are left out", () => {
  assert.deepEqual(jsonLines(['{"a":1}', '{"a":', "", "null", "[]", '{"b":2}'], isObject), [
    { a: 1 },
    { b: 2 },
  ]);
});
