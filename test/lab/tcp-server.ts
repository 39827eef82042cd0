// A TCP server of a test's own: one that is no sshd, or a relay before one.

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";

export interface TcpServer {
  /** On 127.0.0.1. */
  port: number;
  server: Server;
  /** How often somebody has connected. */
  readonly connections: number;
}

/** Serves on a free port, and ends with the test. Sockets stay open until `accept` ends them. */
export async function tcpServer(t: TestContext, accept: (socket: Socket) => void): Promise<TcpServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    accept(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    server,
    get connections() {
      return connections;
    },
  };
}
