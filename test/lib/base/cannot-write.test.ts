import assert from "node:assert/strict";
import { test } from "node:test";
import { cannotWrite } from "../../../lib/base/cannot-write.js";
import { Failure } from "../../../lib/base/failure.js";

test("the system's reason becomes a code and a sentence", () => {
  for (const [system, code, why] of [
    ["EPIPE", "no-reader", "nobody reads it any more"],
    ["EACCES", "permission-denied", "no permission to write there"],
    ["EROFS", "permission-denied", "it is read-only"],
    ["ENOSPC", "disk-full", "no space is left there"],
    ["EISDIR", "in-the-way", "a folder there has that name"],
  ] as const) {
    const failure = cannotWrite("x into y", Object.assign(new Error("system"), { code: system }));
    assert.ok(failure instanceof Failure);
    assert.equal(failure.code, code);
    assert.equal(failure.message, `cannot write x into y: ${why}`);
  }
});

test("an error of another kind stays as it is", () => {
  const error = Object.assign(new Error("odd"), { code: "EIO" });
  assert.equal(cannotWrite("x", error), error);
});
