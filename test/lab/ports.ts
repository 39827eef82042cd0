// Ports of loopback addresses.

import { connect, createServer } from "node:net";

/** Whether a server can listen there now. */
function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

/**
 * A port on which nobody listens on that address now. It is below those of `portPrefixes` and those that the system
 * hands out, so that nobody is likely to take it until it is used.
 */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = 2000 + Math.floor(Math.random() * 7000);
    if (await isFree(address, port)) return port;
  }
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
