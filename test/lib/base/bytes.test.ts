import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Tail } from "../../../lib/base/bytes.js";

test("keeps the end, however the chunks fall", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 9 })),
      fc.integer({ min: 1, max: 12 }),
      (chunks, limit) => {
        const tail = new Tail(limit);
        const whole = new Tail(limit);
        for (const chunk of chunks) tail.push(Buffer.from(chunk));
        whole.push(Buffer.concat(chunks));
        assert.equal(tail.toString(), whole.toString());
      },
    ),
  );
});

test("keeps no more than its limit, and no half of a character in front", () => {
  const tail = new Tail(5);
  tail.push(Buffer.from("abcdefg"));
  assert.equal(tail.toString(), "cdefg");
  tail.push(Buffer.from("äöü"));
  assert.equal(tail.toString(), "öü");
});
