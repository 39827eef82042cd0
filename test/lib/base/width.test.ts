import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, padded, width } from "../../../lib/base/width.js";

test("wide characters take two columns", () => {
  assert.deepEqual(["", "web1", "部署", "🚀"].map(width), [0, 4, 4, 2]);
  assert.equal(padded("部署", 6), "部署  ");
  assert.equal(padded("longer", 3), "longer");
});

test("what is too wide is cut, and says so, in no more columns than there are", () => {
  assert.equal(cut("as wide", 7), "as wide");
  assert.equal(cut("too wide", 7), "too ...");
  assert.equal(cut("部署部署", 6), "部...");
  assert.deepEqual(
    [2, 1, 0].map((columns) => cut("long", columns)),
    ["..", ".", ""],
  );
});
