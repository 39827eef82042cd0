import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  creditOf,
  type Frame,
  jsonOf,
  kind,
  Link,
  ProtocolError,
  streamOf,
} from "../../../lib/transport/session-protocol.js";
import { scratch } from "../../lab/program.js";
import { unixServer } from "../../lab/unix-server.js";

/** The two ends of a connection. */
async function pair(t: TestContext): Promise<[Socket, Socket]> {
  const path = join(scratch(t), "s");
  const server = createServer().listen(path);
  await once(server, "listening");
  const accepted = once(server, "connection");
  const one = connect(path);
  const [other] = (await accepted) as [Socket];
  t.after(() => {
    one.destroy();
    other.destroy();
    server.close();
  });
  return [one, other];
}

test("frames arrive as they were sent, however they are cut", async (t) => {
  const [ours, theirs] = await pair(t);
  const [cut, end] = await pair(t);
  const sender = new Link(ours);
  sender.sendJson(kind.start, 1, { a: ["é"] });
  sender.sendData(1, 0, Buffer.from("some bytes"));
  sender.sendCredit(2, 1, 4_000_000_000);
  sender.sendEnd(4_294_967_295, 2);
  sender.send(kind.done, 3);
  ours.end();
  const bytes: Buffer[] = [];
  for await (const chunk of theirs) bytes.push(chunk);
  const frames: Frame[] = [];
  new Link(end).receive(
    (frame) => frames.push({ ...frame, body: Buffer.from(frame.body) }),
    (error) => assert.fail(error),
  );
  cut.setNoDelay(true);
  for (const byte of Buffer.concat(bytes)) {
    cut.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  cut.end();
  await once(end, "end");
  assert.deepEqual(
    frames.map((frame) => [frame.kind, frame.number]),
    [
      [kind.start, 1],
      [kind.data, 1],
      [kind.credit, 2],
      [kind.end, 4_294_967_295],
      [kind.done, 3],
    ],
  );
  const [start, data, credit] = frames as [Frame, Frame, Frame];
  assert.deepEqual(jsonOf(start), { a: ["é"] });
  assert.deepEqual(streamOf(data), { stream: 0, rest: Buffer.from("some bytes") });
  assert.equal(creditOf(streamOf(credit).rest), 4_000_000_000);
});

test("what is no frame ends the connection", async (t) => {
  for (const head of [
    [0, 0, 0, 4],
    [0, 16, 0, 1],
    [71, 69, 84, 32],
  ]) {
    const [ours, theirs] = await pair(t);
    const refused = new Promise<Error>((resolve) => {
      new Link(theirs).receive(() => assert.fail("a frame"), resolve);
    });
    ours.on("error", () => {});
    ours.write(Buffer.from([...head, 0, 0, 0, 0, 0, 0]));
    assert.ok((await refused) instanceof ProtocolError);
    if (!ours.destroyed) await once(ours, "close");
  }
});

test("bodies that are not what they should be", () => {
  const frame = (body: Buffer): Frame => ({ kind: 0, number: 0, body });
  assert.throws(() => jsonOf(frame(Buffer.from("{"))), ProtocolError);
  assert.throws(() => jsonOf(frame(Buffer.from("null"))), ProtocolError);
  assert.throws(() => streamOf(frame(Buffer.alloc(0))), ProtocolError);
  assert.throws(() => creditOf(Buffer.alloc(3)), ProtocolError);
});

test("what is said just before the connection is ended still arrives", async (t) => {
  const path = await unixServer(t, (socket) => {
    const link = new Link(socket);
    const take = () => {
      link.sendJson(kind.failed, 0, { code: "no-session" });
      throw new ProtocolError("enough");
    };
    link.receive(take, () => {});
  });
  const socket = connect(path);
  const codes: unknown[] = [];
  const link = new Link(socket);
  link.receive(
    (frame) => codes.push(jsonOf(frame).code),
    () => {},
  );
  link.sendJson(kind.hello, 0, {});
  await once(socket, "close");
  assert.deepEqual(codes, ["no-session"]);
});
