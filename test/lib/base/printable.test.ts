import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printable, printableJson, printableLines } from "../../../lib/base/printable.js";

test("control characters are written out", () => {
  assert.equal(printable("a\x1b[31mb\x07\x7f\x9b\r"), "a\\x1b[31mb\\x07\\x7f\\x9b\\x0d");
  assert.equal(printable("two\nlines\tand a tab"), "two\\nlines\\tand a tab");
  assert.equal(printable("\u202eleft\u2066"), "\\u{202e}left\\u{2066}");
  assert.equal(printable("\u061c\u200e\u2028"), "\\u{61c}\\u{200e}\\u{2028}");
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

test("JSON for a terminal is the same JSON", () => {
  assert.equal(printableJson('{"a":\t"\x9b\u2028\x7f"}\r'), '{"a": "\\u009b\\u2028\\u007f"} ');
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), (json) => {
      assert.doesNotMatch(printableJson(json), /[\p{Cc}\p{Bidi_Control}]/u);
      assert.deepEqual(JSON.parse(printableJson(json)), JSON.parse(json));
    }),
  );
});
