// wrk (wrk(1)), which repeats nothing: what it counts as read errors, a client that follows RFC 9112 does not notice.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Counted {
  requests: number;
  /** Connections that ended while wrk waited for a reply, or for its next request. */
  readErrors: number;
  /** Answers that were none, and connections that could not be made. */
  others: number;
}

/** Connections, and milliseconds that each waits before a request: some 120 requests a second. */
const connections = 4;
const delay = 25;

/** What wrk says at its end. Throws where that is not to be understood. */
export function readReport(text: string): Counted {
  const [, requests] = /^\s*(\d+) requests in /m.exec(text) ?? [];
  if (requests === undefined) throw new Error(`wrk said\n${text}`);
  const [, connect = 0, read = 0, write = 0, timeout = 0] =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? [];
  const [, refused = 0] = /Non-2xx or 3xx responses: (\d+)/.exec(text) ?? [];
  const others = [connect, write, timeout, refused].reduce<number>((sum, one) => sum + Number(one), 0);
  return { requests: Number(requests), readErrors: Number(read), others };
}

/** Starts it; the function that comes back ends it, and gives what it has counted. `directory` is for its script. */
export function startWrk(url: string, directory: string): () => Promise<Counted> {
  const script = join(directory, "delay.lua");
  writeFileSync(script, `function delay() return ${delay} end\n`);
  const words = ["-t", "1", "-c", String(connections), "-d", "1h", "-s", script, url];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "wrk", ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  const closed = once(child, "close");
  return async () => {
    // It ends by that with its report.
    child.kill("SIGINT");
    await closed;
    return readReport(said);
  };
}
