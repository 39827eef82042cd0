// Ports of loopback addresses.

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server } from "node:net";

/** A port on which nobody listens on that address now. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether somebody accepts connections there. */
export function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/**
 * Two port prefixes: of each, ports PREFIX0 and PREFIX1 are free now on 127.0.0.1. They are drawn from those
 * below the ports that the system hands out, so that nobody is likely to take them in the meantime.
 */
export async function portPrefixes(): Promise<[string, string]> {
  const found = new Set<string>();
  while (found.size < 2) {
    const prefix = String(900 + Math.floor(Math.random() * 2300));
    const taken = await Promise.all([0, 1].map((last) => accepts("127.0.0.1", Number(`${prefix}${last}`))));
    if (!taken.includes(true)) found.add(prefix);
  }
  return [...found] as [string, string];
}
