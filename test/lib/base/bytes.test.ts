import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteReader, EndOfBytes, firstBytes, lastBytes, Tail } from "../../../lib/base/bytes.js";

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

test("the first and the last bytes of a text have no half of a character", () => {
  for (const [most, first, last] of [
    [0, "", ""],
    [2, "ä", "c"],
    [3, "äb", "öc"],
    [4, "äb", "böc"],
    [6, "äböc", "äböc"],
    [9, "äböc", "äböc"],
  ] as const) {
    assert.equal(firstBytes("äböc", most), first);
    assert.equal(lastBytes("äböc", most), last);
  }
});

test("reads lines and counted bytes, however the chunks fall", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), async (size) => {
      const text = Buffer.from("one\n\n0123456789\nlast");
      const chunks = async function* () {
        for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size);
      };
      const reader = new ByteReader(chunks());
      assert.equal((await reader.line()).toString(), "one");
      assert.equal((await reader.line()).toString(), "");
      const taken: Buffer[] = [];
      for await (const chunk of reader.take(7)) taken.push(chunk);
      assert.equal(Buffer.concat(taken).toString(), "0123456");
      assert.equal((await reader.line()).toString(), "789");
      assert.equal((await reader.bytes(4)).toString(), "last");
      await assert.rejects(reader.line(), EndOfBytes);
      await assert.rejects(reader.bytes(1), EndOfBytes);
      assert.equal((await reader.bytes(0)).length, 0);
    }),
  );
});

test("a line that never ends is refused before it fills the memory", async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(65_536, "x");
  }
  await assert.rejects(new ByteReader(endless()).line(), { code: "bad-answer" });
});
