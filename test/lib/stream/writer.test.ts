import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { RecordWriter } from "../../../lib/stream/writer.js";

test("writes a line at a time, and waits until it is taken", async () => {
  const taken: string[] = [];
  let take = () => {};
  const output = new Writable({
    highWaterMark: 1,
    write: (chunk, _encoding, done) => {
      taken.push(chunk.toString());
      take = done;
    },
  });
  const writer = new RecordWriter(output);
  let written = false;
  const first = writer.write("{}", "one").then(() => {
    written = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(taken, ["{}\n"]);
  assert.equal(written, false);
  take();
  await first;
  assert.deepEqual(writer.unread, []);
  assert.equal(writer.closed, false);
});

for (const code of ["EPIPE", "ECONNRESET"])
  test(`after the reader has gone (${code}), lines are counted`, async () => {
    const output = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error("gone"), { code })),
    });
    const writer = new RecordWriter(output);
    await Promise.all([writer.write("{}", "one"), writer.write("{}", "two")]);
    await writer.write("{}", "three");
    await writer.end();
    assert.equal(writer.closed, true);
    assert.deepEqual(writer.unread.sort(), ["one", "three", "two"]);
  });
