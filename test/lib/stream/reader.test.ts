import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { type BadLine, type Line, longestLine, readRecords } from "../../../lib/stream/reader.js";

async function linesOf(chunks: readonly (string | Uint8Array)[]): Promise<(Line | BadLine)[]> {
  const found: (Line | BadLine)[] = [];
  const input = Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
  for await (const line of readRecords(input)) found.push(line);
  return found;
}

const problems = (lines: readonly (Line | BadLine)[]) =>
  lines.map((line) => ("problem" in line ? `${line.number}: ${line.problem}` : `${line.number}: ok`));

test("reads records with their text and their numbers; blank lines only count", async () => {
  const lines = await linesOf(['{"a":1}\n\n  \t\r\n{ "b" : 2 }\r\n{"c":"ä"}']);
  assert.deepEqual(lines, [
    { number: 1, text: '{"a":1}', record: { a: 1 } },
    { number: 4, text: '{ "b" : 2 }\r', record: { b: 2 } },
    { number: 5, text: '{"c":"ä"}', record: { c: "ä" } },
  ]);
});

test("says what is wrong with a line, and reads on", async () => {
  const lines = await linesOf([
    '{"host":\n',
    "[1]\n",
    "null\n",
    '"text"\n',
    new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x0a]),
    new Uint8Array([0xa0, 0x0a]),
    '{"a":1} {"b":2}\n',
    "{}\n",
  ]);
  assert.deepEqual(
    problems(lines).map((text) => text.replace(/not JSON: .*/, "not JSON")),
    [
      "1: not JSON",
      "2: not a JSON object",
      "3: not a JSON object",
      "4: not a JSON object",
      "5: not UTF-8",
      "6: not UTF-8",
      "7: not JSON",
      "8: ok",
    ],
  );
});

test("names that every object has are members like others", async () => {
  const [line] = await linesOf(['{"__proto__":1,"constructor":2}\n']);
  assert.ok(line && "record" in line);
  assert.deepEqual(Object.keys(line.record), ["__proto__", "constructor"]);
});

/** A line of so many bytes that is a record. */
const lineOf = (bytes: number) => `{"é":"${"x".repeat(bytes - 9)}"}`;

test("a line may have 1 MiB and no byte more, however the chunks fall", async () => {
  assert.equal(Buffer.byteLength(lineOf(longestLine)), longestLine);
  const text = `{}\n${lineOf(longestLine)}\n${lineOf(longestLine + 1)}\n{"after":1}\n${"y".repeat(3 * longestLine)}\n{}\n`;
  const bytes = Buffer.from(text);
  const expected = ["1: ok", "2: ok", "3: too long", "4: ok", "5: too long", "6: ok"];
  for (const size of [bytes.length, 65536, 65537, 1_000_003, 999]) {
    const chunks: Buffer[] = [];
    for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
    const lines = await linesOf(chunks);
    assert.deepEqual(
      problems(lines).map((line) => line.replace(/longer than 1048576 bytes/, "too long")),
      expected,
      `chunks of ${size}`,
    );
  }
});

test("reading does not depend on how bytes are cut into chunks", async () => {
  const bytes = fc
    .array(
      fc.oneof(
        fc.jsonValue().map((value) => Buffer.from(`${JSON.stringify({ value })}\n`)),
        fc.string({ unit: "binary" }).map((text) => Buffer.from(`${JSON.stringify({ [text]: text })}\r\n`)),
        fc.uint8Array({ maxLength: 8 }).map((some) => Buffer.from(some)),
        fc.constantFrom("\n", "{", "}\n", "ä\n").map((text) => Buffer.from(text)),
      ),
    )
    .map((parts) => Buffer.concat(parts));
  await fc.assert(
    fc.asyncProperty(bytes, fc.array(fc.nat(), { maxLength: 12 }), async (all, cuts) => {
      const places = [...new Set([0, ...cuts.map((cut) => cut % (all.length + 1)), all.length])].sort(
        (a, b) => a - b,
      );
      const chunks = places.slice(1).map((end, index) => all.subarray(places[index], end));
      assert.deepEqual(await linesOf(chunks), await linesOf([all]));
    }),
  );
});

test("an input that breaks is an error", async () => {
  const input = new Readable({ read: () => {} });
  input.push("{}\n");
  await assert.rejects(async () => {
    for await (const line of readRecords(input)) {
      assert.equal(line.number, 1);
      input.destroy(new Error("it broke"));
    }
  }, /it broke/);
});

test("reads no faster than lines are taken", async () => {
  let given = 0;
  const input = new Readable({
    highWaterMark: 65536,
    read() {
      given++;
      this.push(given > 1000 ? null : Buffer.from(`${"{}".padEnd(65535)}\n`));
    },
  });
  const lines = readRecords(input);
  await lines.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(given < 100, `${given} chunks of 64 KiB were read for one line`);
  await lines.return(undefined);
});
