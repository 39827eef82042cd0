import assert from "node:assert/strict";
import { test } from "node:test";
import { Question, SessionConnection } from "../../../lib/transport/session-connection.js";
import { kind, Link, protocol } from "../../../lib/transport/session-protocol.js";
import { unixServer } from "../../lab/unix-server.js";

// How it takes a session that is none, or has gone, is tested with the transport of session-client.

test("what is asked is answered under its number, and dropped once", async (t) => {
  const seen: [number, number][] = [];
  const path = await unixServer(t, (socket) => {
    const link = new Link(socket);
    link.receive(
      (frame) => {
        seen.push([frame.kind, frame.number]);
        if (frame.kind === kind.hello) link.sendJson(kind.hello, 0, { protocol });
        if (frame.kind === kind.place && frame.number === 1)
          link.sendJson(kind.failed, 1, { code: "refused", message: "no" });
        if (frame.kind === kind.place && frame.number === 2) link.send(kind.done, 2);
      },
      () => {},
    );
  });
  const connection = new SessionConnection(path);
  const place = () => connection.granted((link, number) => link.send(kind.place, number));
  await assert.rejects(place(), { code: "refused", message: "no" });
  const drop = await place();
  drop();
  drop();
  const link = await connection.connected();
  connection.ask(link, (number) => {
    link.send(kind.lock, number);
    return new Question();
  });
  await connection.close();
  while (seen.length < 6) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, [
    [kind.hello, 0],
    [kind.place, 1],
    [kind.drop, 1],
    [kind.place, 2],
    [kind.drop, 2],
    [kind.lock, 3],
  ]);
});
