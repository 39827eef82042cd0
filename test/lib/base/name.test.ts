import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlainName } from "../../../lib/base/name.js";

test("what stands as one word wherever it goes", () => {
  for (const name of ["a", "0", "_", "upstreamA", "web-1.example", "b_.-"])
    assert.equal(isPlainName(name), true, name);
  for (const name of ["", "-a", ".a", "..", "a b", "a/b", "a\n", "a;b", "a$b", "ä"])
    assert.equal(isPlainName(name), false, name);
});
