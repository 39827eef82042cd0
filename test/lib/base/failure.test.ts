import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asFailure, Failure } from "../../../lib/base/failure.js";

test("a Failure stays what it is", () => {
  const failure = new Failure("locked", "it is locked", { exit: 3 });
  assert.equal(asFailure(failure), failure);
  assert.deepEqual(failure.details, { exit: 3 });
});

test("errors of the system get their codes", () => {
  const withCode = (code: string) => Object.assign(new Error(code), { code });
  for (const code of ["ENOSPC", "EDQUOT"]) assert.equal(asFailure(withCode(code)).code, "disk-full");
  for (const code of ["EACCES", "EPERM", "EROFS"])
    assert.equal(asFailure(withCode(code)).code, "permission-denied");
});

test("all else is a fault, with its stack", () => {
  try {
    readFileSync("/nowhere/at/all");
    assert.fail("there is such a file");
  } catch (error) {
    const failure = asFailure(error);
    assert.equal(failure.code, "internal");
    assert.match(failure.message, /ENOENT.*\/nowhere\/at\/all/);
    assert.match(failure.details.stderr ?? "", /failure\.test/);
  }
  assert.equal(asFailure("text").message, "text");
});
