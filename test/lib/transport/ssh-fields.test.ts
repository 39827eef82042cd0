import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../../lib/transport/ssh-fields.js";

test("numbers and strings follow one another, from where they begin", () => {
  const fields = new Fields(Buffer.from("\xff\0\0\x01\x02\0\0\0\x03abc\0\0\0\0", "latin1"), 1);
  assert.equal(fields.number(), 258);
  assert.equal(fields.string().toString(), "abc");
  assert.equal(fields.string().length, 0);
  assert.throws(() => fields.number(), RangeError);
});

test("a string that says it is longer than all that is there is none", () => {
  assert.throws(() => new Fields(Buffer.from("\0\0\0\x04abc", "latin1")).string(), RangeError);
  assert.throws(() => new Fields(Buffer.from("\xff\xff\xff\xffabc", "latin1")).string(), RangeError);
});
