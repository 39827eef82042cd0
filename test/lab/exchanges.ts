// Between a program and an index: exchanges are counted, and one of them goes wrong.

import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What happens to an exchange. "500": to all from there on. The others happen once: the connection is cut before the
 * index hears of it, in the middle of the answer, or instead of the answer; or nobody ever answers.
 */
export const exchangeTroubles = ["500", "cut before", "cut in the middle", "cut after", "silence"] as const;
export type ExchangeTrouble = (typeof exchangeTroubles)[number];

export interface Exchanges {
  /** Of the simple page. */
  url: string;
  /** How many there were since the last plan. */
  readonly count: number;
  /** Counting begins anew; the exchange at the place, from 1, goes wrong; 0: none. */
  plan(at: number, trouble: ExchangeTrouble): void;
  stop(): Promise<void>;
}

/** Hands a request on, and gives the answer as a whole. */
async function answerOf(from: string, asked: IncomingMessage): Promise<[IncomingMessage, Buffer]> {
  const { method = "GET", headers, url = "/" } = asked;
  const { hostname, port } = new URL(from);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const handed = request({ hostname, port, path: url, method, headers, agent: false }, resolve);
    handed.on("error", reject);
    asked.pipe(handed);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return [answer, Buffer.concat(chunks)];
}

/** `index`: the URL of its simple page. */
export async function startExchanges(index: string): Promise<Exchanges> {
  let count = 0;
  let planned: { at: number; trouble: ExchangeTrouble } = { at: 0, trouble: "500" };

  const exchange = async (asked: IncomingMessage, response: ServerResponse) => {
    count++;
    const { at, trouble } = planned;
    const now = at > 0 && (trouble === "500" ? count >= at : count === at);
    if (now && trouble === "500") return void asked.resume().on("end", () => response.writeHead(500).end());
    if (now && trouble === "cut before") return void asked.socket.destroy();
    if (now && trouble === "silence") return;
    const [answer, body] = await answerOf(index, asked);
    if (now && trouble === "cut after") return void asked.socket.destroy();
    const { "transfer-encoding": _, ...headers } = answer.headers;
    const length = asked.method === "HEAD" ? {} : { "content-length": body.length };
    response.writeHead(answer.statusCode ?? 502, { ...headers, ...length });
    if (!now) return void response.end(body);
    response.write(body.subarray(0, body.length >> 1), () => asked.socket.destroy());
  };
  const server = createServer((asked, response) => {
    exchange(asked, response).catch(() => asked.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = new URL(index);
  url.port = String(port);
  return {
    url: url.href,
    get count() {
      return count;
    },
    plan: (at, trouble) => {
      count = 0;
      planned = { at, trouble };
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
