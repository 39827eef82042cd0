// Writes of one callback leave together, and whole.

import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { gatherWrites } from "../../../lib/transport/gather-writes.js";

/** A stream, and what left it at once. */
function gathered(): { stream: Duplex; left: string[] } {
  const left: string[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      left.push(String(chunk));
      done();
    },
    writev(chunks, done) {
      left.push(chunks.map(({ chunk }) => String(chunk)).join(""));
      done();
    },
  });
  gatherWrites(stream);
  return { stream, left };
}

test("writes of one callback are one, those of the next another", async () => {
  const { stream, left } = gathered();
  for (const text of ["a", "b", "c"]) stream.write(text);
  assert.deepEqual(left, []);
  await turn();
  stream.write("d");
  await turn();
  assert.deepEqual(left, ["abc", "d"]);
});

test("an end takes along what was written before it", async () => {
  const { stream, left } = gathered();
  stream.write("a");
  stream.write("b");
  stream.end();
  await once(stream, "finish");
  assert.deepEqual(left.join(""), "ab");
});

test("a stream that is full says so", async () => {
  const { stream } = gathered();
  assert.equal(stream.write("a".repeat(100_000)), false);
  await once(stream, "drain");
  assert.equal(stream.write("a"), true);
});
