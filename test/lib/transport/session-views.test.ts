import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { type Frame, kind, Link, ProtocolError } from "../../../lib/transport/session-protocol.js";
import { Views } from "../../../lib/transport/session-views.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const frame = (of: number): Frame => ({ kind: of, number: 1, body: Buffer.alloc(0) });

/** A link to a step, and the kinds of what it was sent. */
function linked() {
  const sent: number[] = [];
  const link = new Link(new PassThrough() as unknown as Socket);
  link.receive((one) => sent.push(one.kind), assert.fail);
  return { link, sent };
}

test("events go to all who watch, until they leave", async () => {
  const views = new Views();
  const [one, two] = [linked(), linked()];
  const watch = views.watch(one.link, 1, () => {});
  const other = views.watch(two.link, 1, () => {});
  views.tell(Buffer.from("{}"));
  other.take(frame(kind.drop));
  views.tell(Buffer.from("{}"));
  await turn();
  assert.deepEqual(one.sent, [kind.done, kind.event, kind.event]);
  assert.deepEqual(two.sent, [kind.done, kind.event]);
  assert.throws(() => watch.take(frame(kind.data)), ProtocolError);
});

test("the terminal is free when all who watch have said so, and theirs again when nobody wants it", async () => {
  const views = new Views();
  const watcher = linked();
  const step = linked();
  const watch = views.watch(watcher.link, 1, () => {});
  const hold = views.holdFor(step.link, 1, () => {});
  await turn();
  assert.deepEqual([watcher.sent, step.sent], [[kind.done, kind.hold], []]);
  watch.take(frame(kind.hold));
  await turn();
  assert.deepEqual(step.sent, [kind.done]);
  const release = await views.hold();
  hold.take(frame(kind.drop));
  await turn();
  assert.deepEqual(watcher.sent, [kind.done, kind.hold], "one still wants it");
  release();
  release();
  await turn();
  assert.deepEqual(watcher.sent, [kind.done, kind.hold, kind.resume]);
});

test("a step that has gone wants the terminal no more, and a view that has gone does not draw", async () => {
  const views = new Views();
  const watcher = linked();
  const watch = views.watch(watcher.link, 1, () => {});
  const step = linked();
  const hold = views.holdFor(step.link, 1, () => {});
  const held = views.hold();
  await watch.abandon();
  const release = await held;
  await hold.abandon();
  release();
  const late = linked();
  const again = await views.hold();
  views.watch(late.link, 1, () => {});
  again();
  await turn();
  assert.deepEqual(late.sent, [kind.done, kind.hold, kind.resume]);
});
