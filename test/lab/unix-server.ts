// A server of a test's own whose socket is a file: something at the place of a session or of an agent.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { scratch } from "./program.js";

/** Gives each connection to `accept`; it ends with the test at the latest. Resolves to the socket's path. */
export async function unixServer(
  t: TestContext,
  accept: (socket: Socket) => void = () => {},
): Promise<string> {
  const path = join(scratch(t), "socket");
  const server = createServer((socket) => {
    t.after(() => socket.destroy());
    accept(socket.on("error", () => {}));
  }).listen(path);
  t.after(() => server.close());
  await once(server, "listening");
  return path;
}
