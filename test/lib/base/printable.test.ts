import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printable, printableLines } from "../../../lib/base/printable.js";

test("control characters are written out", () => {
  assert.equal(printable("a\x1b[31mb\x07\x7f\x9b\r"), "a\\x1b[31mb\\x07\\x7f\\x9b\\x0d");
  assert.equal(printable("two\nlines\tand a tab"), "two\\nlines\\tand a tab");
  assert.equal(printable("\u202eleft\u2066"), "\\u{202e}left\\u{2066}");
  assert.equal(printable("Grüße, 世界 🚀"), "Grüße, 世界 🚀");
});

test("line breaks stay where lines are wanted", () => {
  assert.equal(printableLines("one\r\ntwo\x1b\n"), "one\\x0d\ntwo\\x1b\n");
});

test("nothing that moves the cursor is left", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(printable(text), /\p{Cc}/u);
    }),
  );
});
