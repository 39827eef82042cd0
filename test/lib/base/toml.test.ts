import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseToml, type TomlValue, tomlKey, tomlValue } from "../../../lib/base/toml.js";

test("a text is read", async () => {
  const read = await parseToml('a = 1\n[b]\nc = "3.10"\n');
  assert.equal(JSON.stringify(read), '{"document":{"a":1,"b":{"c":"3.10"}}}');
});

test("what is wrong is said with its line, in one line", async () => {
  const read = await parseToml("a = 1\nb = = 2\n");
  assert.ok("line" in read);
  assert.equal(read.line, 2);
  assert.match(read.reason, /^[^\n]+$/);
  assert.doesNotMatch(read.reason, /Invalid TOML document/);
});

test("what is written is read as it was, whatever is in it", async () => {
  const texts = fc.string({ unit: "binary" });
  const { value } = fc.letrec<{ value: TomlValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      texts,
      fc.integer(),
      fc.boolean(),
      fc.array(tie("value")),
      fc.dictionary(texts, tie("value"), { noNullPrototype: true }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(texts, value, async (key, written) => {
      const text = `${tomlKey(key)} = ${tomlValue(written)}\n`;
      const read = await parseToml(text);
      assert.ok("document" in read, text);
      assert.equal(JSON.stringify(read.document), JSON.stringify({ [key]: written }), text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
    }),
    { numRuns: 300 },
  );
});

test("a long list has a line for each item", () => {
  assert.equal(tomlValue(["a", "b"]), '["a", "b"]');
  const item = "x".repeat(60);
  assert.equal(tomlValue([item, item]), `[\n    "${item}",\n    "${item}",\n]`);
});
