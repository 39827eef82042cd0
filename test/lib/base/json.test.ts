import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject } from "../../../lib/base/json.js";

test("objects are objects, and nothing else is", () => {
  for (const value of [{}, { a: 1 }, JSON.parse('{"__proto__":1}')]) assert.ok(isObject(value));
  for (const value of [null, [], "text", 1, true, undefined]) assert.ok(!isObject(value), String(value));
});
