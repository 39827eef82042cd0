import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { SessionTransport } from "../../../lib/transport/session-client.js";
import { jsonOf, kind, Link, protocol, streams } from "../../../lib/transport/session-protocol.js";
import { scratch } from "../../lab/program.js";
import { unixServer } from "../../lab/unix-server.js";

const { signal } = new AbortController();
const options = { config: undefined, acceptNew: false };

test("no session, and something else at its place", async (t) => {
  const start = (path: string) => new SessionTransport(path, options).start({ host: "h" }, "true", signal);
  await assert.rejects(start(join(scratch(t), "none")), { code: "no-session", message: /ENOENT/ });
  const closing = await unixServer(t, (socket) => socket.destroy());
  await assert.rejects(start(closing), { code: "connection-lost" });
  const web = await unixServer(t, (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await assert.rejects(start(web), { code: "connection-lost", message: /protocol: a frame of 1213486160/ });
  const newer = await unixServer(t, (socket) => new Link(socket).sendJson(kind.hello, 0, { protocol: 9 }));
  await assert.rejects(start(newer), {
    code: "connection-lost",
    message: /it speaks protocol 9, and this step 3/,
  });
});

test("a session that says nothing at all does not keep a step that has given up", async (t) => {
  const path = await unixServer(t);
  const transport = new SessionTransport(path, options);
  const stop = new AbortController();
  const started = transport.start({ host: "h" }, "true", stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(started, /enough/);
  await transport.close();
});

test("a start names host, command and settings, and no more of the record", async (t) => {
  const asked = new Promise<unknown>((resolve) => {
    unixServer(t, (socket) => {
      const link = new Link(socket);
      link.receive(
        (frame) => {
          if (frame.kind === kind.hello) link.sendJson(kind.hello, 0, { protocol });
          if (frame.kind !== kind.start) return;
          resolve(jsonOf(frame));
          link.sendJson(kind.failed, frame.number, { code: "refused", message: "no", details: { exit: 3 } });
        },
        () => {},
      );
    }).then(async (path) => {
      const transport = new SessionTransport(path, { config: "/it", acceptNew: true });
      const record = { host: "h", user: "u", port: 1, secret: 2, become: "x" };
      await assert.rejects(transport.start(record, "true", signal), {
        code: "refused",
        message: "no",
        details: { exit: 3 },
      });
      await transport.close();
    });
  });
  assert.deepEqual(await asked, {
    target: { host: "h", user: "u", port: 1 },
    command: "true",
    use: "passing",
    ssh: { config: "/it", acceptNew: true },
  });
});

test("what comes behind the failure of one command is no trouble of the others", async (t) => {
  const path = await unixServer(t, (socket) => {
    const link = new Link(socket);
    let first = 0;
    link.receive(
      (frame) => {
        if (frame.kind === kind.hello) link.sendJson(kind.hello, 0, { protocol });
        if (frame.kind !== kind.start) return;
        link.sendJson(kind.done, frame.number, {});
        if (first === 0) {
          first = frame.number;
          return;
        }
        link.sendJson(kind.failed, first, { code: "connection-lost", message: "gone" });
        link.sendData(first, streams.stdout, Buffer.from("late"));
        link.sendJson(kind.exit, frame.number, { status: 7, signal: null });
      },
      () => {},
    );
  });
  const transport = new SessionTransport(path, options);
  t.after(() => transport.close());
  const one = await transport.start({ host: "a" }, "true", signal);
  const other = await transport.start({ host: "b" }, "true", signal);
  await assert.rejects(one.ended, { code: "connection-lost", message: "gone" });
  assert.deepEqual(await other.ended, { status: 7, signal: null });
});
