import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { Gate } from "../../../lib/base/gate.js";
import { type Frame, jsonOf, kind, Link, ProtocolError } from "../../../lib/transport/session-protocol.js";
import { ServedChannel, ServedLock, ServedPlace } from "../../../lib/transport/session-served.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const frame = (of: number, body = Buffer.alloc(0)): Frame => ({ kind: of, number: 1, body });

/** A link to a step, and what the step was sent. */
function linked() {
  const socket = new PassThrough() as unknown as Socket;
  const sent: Frame[] = [];
  const link = new Link(socket);
  link.receive((one) => sent.push(one), assert.fail);
  return { link, sent };
}

test("a place is given back when it is dropped, and when the step has gone", async () => {
  const gate = new Gate(1);
  const { link, sent } = linked();
  let forgotten = 0;
  const place = () => new ServedPlace(link, 1, () => forgotten++);
  const [one, two, three] = [place(), place(), place()];
  for (const each of [one, two, three]) each.serve(gate);
  await turn();
  assert.deepEqual(
    sent.map((each) => each.kind),
    [kind.done],
  );
  await two.abandon();
  one.take(frame(kind.drop));
  await turn();
  assert.deepEqual([sent.length, forgotten], [2, 1]);
  assert.throws(() => three.take(frame(kind.data)), ProtocolError);
  await three.abandon();
  assert.ok(gate.tryEnter());
});

test("a lock: taken, refused, not wanted any more", async () => {
  const { link, sent } = linked();
  const lock = () => new ServedLock(() => {});
  await lock().serve(link, 1, async () => {});
  await lock().serve(link, 1, async () => {
    throw new Failure("locked", "by another");
  });
  await turn();
  assert.deepEqual(
    sent.map((each) => each.kind),
    [kind.done, kind.failed],
  );
  assert.deepEqual(jsonOf(sent[1] as Frame), { code: "locked", message: "by another", details: {} });
  const dropped = lock();
  let signal: AbortSignal | undefined;
  dropped.serve(link, 1, async (given) => {
    signal = given;
  });
  dropped.take(frame(kind.drop));
  assert.ok(signal?.aborted);
});

test("a channel that does not open, and one that nobody wants when it has opened", async () => {
  const { link, sent } = linked();
  const channel = new ServedChannel(link, 1, () => {});
  await channel.serve(async () => {
    throw new Failure("refused", "no");
  });
  await turn();
  assert.equal(jsonOf(sent[0] as Frame).code, "refused");
  const late = new ServedChannel(link, 1, () => {});
  let destroyed = 0;
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const ended = new Promise<never>(() => {});
  const serving = late.serve(async () => {
    await turn();
    return { stdin, stdout, stderr, ended, destroy: () => destroyed++ };
  });
  await late.abandon();
  await serving;
  assert.equal(destroyed, 1);
});
