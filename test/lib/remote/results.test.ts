import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Results } from "../../../lib/remote/results.js";

test("values come back whatever the cut of the bytes", () => {
  const lines = Buffer.from(
    "name\tone\\ttwo\\nthree\\\\four é😀\nno result\nname\t\nother\ta\tb\nunfinished\tx",
  );
  fc.assert(
    fc.property(fc.array(fc.nat({ max: lines.length })), (cuts) => {
      const results = new Results();
      const places = [0, ...cuts.sort((a, b) => a - b), lines.length];
      for (const [index, place] of places.entries()) results.push(lines.subarray(place, places[index + 1]));
      assert.deepEqual(results.all("name"), ["one\ttwo\nthree\\four é😀", ""]);
      assert.equal(results.get("name"), "");
      assert.equal(results.get("other"), "a\tb");
      assert.equal(results.get("unfinished"), undefined);
      assert.deepEqual(results.all("none"), []);
    }),
  );
});

test("a value that was taken is forgotten", () => {
  const results = new Results();
  results.push(Buffer.from("a\t1\na\t2\n"));
  assert.equal(results.take("a"), "2");
  assert.equal(results.take("a"), undefined);
});

test("names of an object's own parts are names like any other", () => {
  const results = new Results();
  assert.equal(results.get("constructor"), undefined);
  results.push(Buffer.from("__proto__\tx\n"));
  assert.equal(results.get("__proto__"), "x");
});

test("a host that says more and more is refused before it fills the memory", () => {
  const results = new Results();
  const chunk = Buffer.alloc(1024 * 1024, "x");
  assert.throws(
    () => {
      for (let i = 0; i < 65; i++) results.push(chunk);
    },
    { code: "bad-answer" },
  );
});
