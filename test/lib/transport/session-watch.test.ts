import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { SessionConnection } from "../../../lib/transport/session-connection.js";
import { kind, Link, protocol } from "../../../lib/transport/session-protocol.js";
import { SessionWatch } from "../../../lib/transport/session-watch.js";
import { unixServer } from "../../lab/unix-server.js";

test("whoever watches hears of events, leaves the terminal and says so, and has it again", async (t) => {
  const seen: unknown[] = [];
  const path = await unixServer(t, (socket) => {
    const link = new Link(socket);
    link.receive(
      (frame) => {
        if (frame.kind === kind.hello) link.sendJson(kind.hello, 0, { protocol });
        if (frame.kind === kind.watch) {
          link.send(kind.done, frame.number);
          link.sendJson(kind.event, frame.number, { what: "step" });
          link.send(kind.hold, frame.number);
        }
        if (frame.kind === kind.hold) {
          seen.push("left");
          link.send(kind.resume, frame.number);
          socket.end();
        }
      },
      () => {},
    );
    once(socket, "close").then(() => seen.push("closed"));
  });
  const connection = new SessionConnection(path);
  const watch = new SessionWatch({
    event: (value) => seen.push(value),
    hold: () => seen.push("hold"),
    resume: () => seen.push("resume"),
  });
  await watch.begin(connection);
  while (!seen.includes("resume")) await new Promise((resolve) => setImmediate(resolve));
  await connection.close();
  assert.deepEqual(
    seen.filter((one) => one !== "closed"),
    [{ what: "step" }, "hold", "left", "resume"],
  );
});
