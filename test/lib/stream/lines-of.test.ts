import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { linesOf } from "../../../lib/stream/lines-of.js";

const linesIn = async (...chunks: string[]) => {
  const input = Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
  const lines: string[] = [];
  for await (const line of linesOf(input, 4)) lines.push(Buffer.from(line, "latin1").toString());
  return lines;
};

test("lines come without their ends; of one that is too long, as much as shows that", async () => {
  assert.deepEqual(await linesIn("a\n\nbc", "de\nfgh", "ijk\nlm"), ["a", "", "bcde", "fghij", "lm"]);
  assert.deepEqual(await linesIn("\u00e9\u00e9\n"), ["\u00e9\u00e9"]);
});
