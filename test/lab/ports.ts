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
 * A port on which nobody listens on that address now. It is below those of `freePrefix` and those that the system
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

const given = new Set<number>();

/**
 * The first digits of ports of which those with the last digits 0 to 2 are free now on 127.0.0.1; others each time.
 * They are below the ports that the system hands out, so that nobody is likely to take them in the meantime.
 */
export async function freePrefix(): Promise<string> {
  for (;;) {
    const prefix = 1100 + Math.floor(Math.random() * 2100);
    if (given.has(prefix)) continue;
    given.add(prefix);
    const taken = await Promise.all([0, 1, 2].map((last) => accepts("127.0.0.1", prefix * 10 + last)));
    if (!taken.includes(true)) return String(prefix);
  }
}
