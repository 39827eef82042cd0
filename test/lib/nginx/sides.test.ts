import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { checkUpstream, readSides, towards } from "../../../lib/nginx/sides.js";

test("two sides, in the order in which they are written", () => {
  assert.deepEqual(readSides({ b: "upstreamB", a: "upstreamA.new" }), [
    { name: "b", upstream: "upstreamB" },
    { name: "a", upstream: "upstreamA.new" },
  ]);
});

test("not two, or the same twice", () => {
  for (const [table, message] of [
    [undefined, /names the two sides.*; there are 0$/],
    [{}, /there are 0$/],
    [{ a: "A" }, /there are 1$/],
    [{ a: "A", b: "B", c: "C" }, /there are 3$/],
    [{ a: "A", b: "A" }, /has A for both a and b$/],
    [{ a: "A", b: "B;" }, /^B; is no name of an upstream/],
    [{ a: "A", "b\x1b[2J": "B" }, /^"b\\u001b\[2J" is no name of a side/],
    [{ a: "A", "$(b)": "B" }, /is no name of a side/],
  ] as const)
    assert.throws(
      () => readSides(table),
      (error) => error instanceof UsageError && message.test(error.message),
    );
});

test("names of upstreams stand by themselves", () => {
  for (const name of ["upstreamA", "a", "_a", "1.2.3.4", "a-b.c"]) assert.equal(checkUpstream(name), name);
  for (const name of ["", "-a", ".a", "a b", "a;b", "a/b", "$a", "a\nb", "é"])
    assert.throws(() => checkUpstream(name), UsageError);
});

test("towards a side, from the other one", () => {
  const sides = readSides({ a: "upstreamA", b: "upstreamB" });
  const [a, b] = sides;
  assert.deepEqual(towards(sides, "b"), { from: a, to: b });
  assert.deepEqual(towards(sides, "a"), { from: b, to: a });
  assert.throws(() => towards(sides, "upstreamB"), /upstreamB is no side of nginx.sides: a and b are/);
});
