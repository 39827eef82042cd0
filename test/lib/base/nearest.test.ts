import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, nearest } from "../../../lib/base/nearest.js";

const known = ["--jobs", "--json", "--timeout", "--index", "--keep-order"];

test("finds the name that was meant", () => {
  for (const [typed, meant] of [
    ["--job", "--jobs"],
    ["--jsno", "--json"],
    ["--timout", "--timeout"],
    ["--idnex", "--index"],
    ["--keeporder", "--keep-order"],
  ] as const)
    assert.equal(nearest(typed, known), meant);
});

test("finds nothing where nothing is near", () => {
  assert.equal(nearest("--windowing", known), undefined);
  assert.equal(nearest("x", []), undefined);
  assert.equal(didYouMean("--windowing", known), "");
  assert.equal(didYouMean("--job", known), "; did you mean --jobs?");
});

test("what is as long as a file is near to nothing, and takes no memory", () => {
  assert.equal(nearest("v".repeat(10_000_000), ["version", "git_version"]), undefined);
});
