import assert from "node:assert/strict";
import { test } from "node:test";
import { parseToml } from "../../../lib/base/toml.js";

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
