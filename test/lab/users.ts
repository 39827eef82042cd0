// Users of a site, as RFC 9112 wants them: each keeps a connection open, and where one that was used before is closed
// before a reply has begun, repeats the request, which is idempotent, once (section 9.3.1).

import { Agent, get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** A request and what came of it. */
export interface Asked {
  url: string;
  /** Milliseconds, as performance.now() has them. */
  began: number;
  ended: number;
  /** The text of the page, or why there is none. */
  page: string | Error;
  repeated: boolean;
}

/** A connection that was used before was closed before a reply. */
class Closed extends Error {}

/** Milliseconds without a byte after which a user gives up. */
const patience = 10_000;

/** Asks for a page by the agent's connection. Throws Closed, or Error where that is nothing to repeat. */
function askOnce(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: patience }, (response) => {
      const { statusCode } = response;
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        body += part;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (statusCode === 200) resolve(body);
        else reject(new Error(`status ${statusCode}: ${body.replace(/\s+/g, " ").slice(0, 200)}`));
      });
    });
    let before = 0;
    request.on("socket", (socket) => {
      before = socket.bytesRead;
    });
    request.on("timeout", () => request.destroy(new Error(`no answer in ${patience / 1000} s`)));
    request.on("error", (error: NodeJS.ErrnoException) => {
      const silent = request.reusedSocket && request.socket?.bytesRead === before;
      const closed = error.code === "ECONNRESET" || error.code === "EPIPE";
      reject(silent && closed ? new Closed(error.message) : error);
    });
  });
}

/** Asks for a page, perhaps twice; never throws. */
export async function ask(agent: Agent, url: string): Promise<Asked> {
  const began = performance.now();
  let repeated = false;
  const page = await askOnce(agent, url)
    .catch((error: Error) => {
      if (!(error instanceof Closed)) throw error;
      repeated = true;
      return askOnce(agent, url);
    })
    .catch((error: Error) => error);
  return { url, began, ended: performance.now(), page, repeated };
}

export interface Users {
  /** What they asked since the last time, as far as it has been answered. */
  take(): Asked[];
  /** Has each ask no more; what all of them asked since the last time. */
  stop(): Promise<Asked[]>;
}

export interface Crowd {
  /** How many users each URL has. */
  each: number;
  /** Milliseconds between a reply and the next request of the same user. */
  pause: number;
}

/**
 * Starts users of each site, by its URL. The first one of each makes a new connection for each request, so that nothing
 * of its is ever repeated. Every tenth request of a user is for a page that takes its time, /slow.
 */
export function startUsers(urls: readonly string[], crowd: Crowd): Users {
  const asked: Asked[] = [];
  let over = false;
  const one = async (url: string, keepAlive: boolean) => {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    for (let number = 0; !over; number++) {
      asked.push(await ask(agent, number % 10 === 0 ? `${url}slow` : url));
      await pause(crowd.pause);
    }
    agent.destroy();
  };
  const all = urls.flatMap((url) => Array.from({ length: crowd.each }, (_, number) => one(url, number > 0)));
  const take = () => asked.splice(0);
  return {
    take,
    stop: async () => {
      over = true;
      await Promise.all(all);
      return take();
    },
  };
}
