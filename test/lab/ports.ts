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

/** Port prefixes, from 880 on, of which the first two ports are free: one for each side. */
export async function portPrefixes(): Promise<[string, string]> {
  const found: string[] = [];
  for (let prefix = 880; found.length < 2; prefix++) {
    const taken = await Promise.all([0, 1].map((last) => accepts("127.0.0.1", prefix * 10 + last)));
    if (!taken.includes(true)) found.push(String(prefix));
  }
  return found as [string, string];
}
