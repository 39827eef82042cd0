import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { initialCredit, longestData, ProtocolError } from "../../../lib/transport/session-protocol.js";
import { ReceivedStream, SentStream } from "../../../lib/transport/session-streams.js";

test("what is written comes out, in pieces, never more of it on its way than the credit", async () => {
  let ended = false;
  let onItsWay = 0;
  let most = 0;
  const received = new ReceivedStream((bytes) => {
    onItsWay -= bytes;
    setImmediate(() => sent.addCredit(bytes));
  });
  const sent = new SentStream({
    data: (bytes) => {
      assert.ok(bytes.length <= longestData);
      onItsWay += bytes.length;
      most = Math.max(most, onItsWay);
      received.accept(Buffer.from(bytes));
    },
    end: () => {
      ended = true;
      received.finish();
    },
  });
  const all = randomBytes(3_000_000);
  const taken = buffer(received);
  sent.end(all);
  assert.ok((await taken).equals(all));
  assert.ok(ended && most <= initialCredit, `${most} bytes`);
});

test("without a reader, sending stops at the credit", () => {
  let bytes = 0;
  let done = false;
  const sent = new SentStream({
    data: (piece) => {
      bytes += piece.length;
    },
    end: () => {},
  });
  sent.write(Buffer.alloc(initialCredit + 10), () => {
    done = true;
  });
  assert.equal(bytes, initialCredit);
  sent.addCredit(4);
  assert.equal(bytes, initialCredit + 4);
  assert.ok(!done);
  sent.addCredit(100);
  assert.equal(bytes, initialCredit + 10);
});

test("more than was allowed is refused", () => {
  const received = new ReceivedStream(() => {});
  received.accept(Buffer.alloc(initialCredit));
  assert.throws(() => received.accept(Buffer.alloc(1)), ProtocolError);
  const ended = new ReceivedStream(() => {});
  ended.finish();
  assert.throws(() => ended.accept(Buffer.alloc(1)), ProtocolError);
});
