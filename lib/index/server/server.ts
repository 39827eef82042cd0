// The embedded index as an HTTP server: its connections, and how they end.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { asFailure, Failure } from "../../base/failure.js";
import type { Store } from "../store/store.js";
import { say } from "./replies.js";
import { type Answering, answer } from "./routes.js";

/** How long clients may take; milliseconds. */
export interface Patience {
  /** For the headers of a request. */
  headers: number;
  /** Between two bytes in either direction. */
  silence: number;
  /** The time in which a body must have grown by at least a kilobyte for each second. */
  body: number;
  /** For the requests under way when the server closes. */
  closing: number;
}

const usualPatience: Patience = { headers: 20_000, silence: 120_000, body: 30_000, closing: 30_000 };

/** The patience with clients of whom nothing is heard for so many milliseconds at most. */
export function patienceOf(silence: number): Partial<Patience> {
  const { headers, body } = usualPatience;
  return { silence, headers: Math.min(headers, silence), body: Math.min(body, silence) };
}

export interface ServerOptions extends Answering {
  /** Told of each answer: "GET /simple/ 200". */
  log?: ((line: string) => void) | undefined;
  patience?: Partial<Patience>;
}

/** A server for the files of a store. */
export interface IndexServer {
  /** Not yet listening. */
  server: Server;
  /** Resolves to the simple URL when connections are taken. Throws Failure "cannot-listen". */
  listen(address: string, port: number): Promise<string>;
  /**
   * Takes no new connections, and resolves when the requests under way are answered, or cut off since that took
   * too long: to the number of those.
   */
  close(): Promise<number>;
}

/** Cuts off those who send their body so slowly that they may never end. */
class SlowBodies {
  readonly #coming = new Map<IncomingMessage, number | undefined>();
  readonly #timer: NodeJS.Timeout;

  constructor(interval: number) {
    const least = Math.ceil((interval / 1000) * 1024);
    this.#timer = setInterval(() => this.#look(least), interval).unref();
  }

  watch(request: IncomingMessage): void {
    if (request.complete) return;
    this.#coming.set(request, undefined);
    request.on("close", () => this.#coming.delete(request));
  }

  #look(least: number): void {
    for (const [request, before] of this.#coming) {
      const { bytesRead } = request.socket;
      if (request.complete) this.#coming.delete(request);
      else if (before !== undefined && bytesRead - before < least) request.socket.destroy();
      else this.#coming.set(request, bytesRead);
    }
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

export function indexServer(store: Store, options: ServerOptions): IndexServer {
  const patience = { ...usualPatience, ...options.patience };
  // Connections without a request under way. Node's own closeIdleConnections leaves those that never had one.
  const idle = new Set<Socket>();
  const busy = new Set<Socket>();
  const slow = new SlowBodies(patience.body);
  let closing = false;

  const onRequest = (request: IncomingMessage, response: ServerResponse, waits: boolean) => {
    const { socket } = request;
    idle.delete(socket);
    busy.add(socket);
    slow.watch(request);
    response.on("close", () => {
      const status = response.headersSent ? response.statusCode : "";
      const outcome = response.writableFinished ? status : `${status} cut off`.trim();
      options.log?.(`${request.method} ${request.url} ${outcome}`);
      busy.delete(socket);
      if (closing) socket.destroySoon();
      else if (!socket.destroyed) idle.add(socket);
    });
    answer({ request, response, waits }, store, options).catch((error) => {
      options.log?.(`${request.method} ${request.url}: ${asFailure(error).message}`);
      if (response.headersSent) response.destroy();
      else say(response, 500, "something is wrong in the index; es-index -v says what");
    });
  };

  const server = createServer({
    headersTimeout: patience.headers,
    // A large upload over a slow line takes its time; SlowBodies sees that it goes on.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(5000, patience.headers),
  });
  server.on("request", (request, response) => onRequest(request, response, false));
  server.on("checkContinue", (request, response) => onRequest(request, response, true));
  server.on("connection", (socket) => {
    idle.add(socket);
    socket.on("close", () => idle.delete(socket));
  });
  server.setTimeout(patience.silence);

  const listen = async (address: string, port: number) => {
    server.listen(port, address);
    await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
      throw new Failure("cannot-listen", `cannot listen on ${address} port ${port}: ${error.message}`);
    });
    const host = isIPv6(address) ? `[${address}]` : address;
    return `http://${host}:${(server.address() as AddressInfo).port}/simple/`;
  };

  const close = async () => {
    closing = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of idle) socket.destroy();
    let cut = 0;
    const late = setTimeout(() => {
      cut = busy.size;
      server.closeAllConnections();
    }, patience.closing);
    await closed;
    clearTimeout(late);
    slow.end();
    await store.close();
    return cut;
  };
  return { server, listen, close };
}
