// A web server that answers as a test wants it to, on loopback and a free port.

import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** Lets a server listen, and ends it with the test; resolves to its origin, such as http://127.0.0.1:41234. */
export async function listen(t: TestContext, server: Server, address = "127.0.0.1"): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = address.includes(":") ? `[${address}]` : address;
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

/** Starts a server that answers as it is told to. */
export function web(t: TestContext, answer: RequestListener, address?: string): Promise<string> {
  return listen(t, createServer(answer), address);
}

/** An origin on loopback where nothing listens. */
export async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
