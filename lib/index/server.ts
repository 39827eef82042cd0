// The embedded index as an HTTP server: simple pages, downloads, uploads.

import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { isProjectName, normaliseName } from "../base/distribution.js";
import { asFailure } from "../base/failure.js";
import { type Page, prefersJson, projectPage, projectsPage } from "./pages.js";
import { receiveUpload } from "./receive.js";
import type { Store, StoredFile } from "./store.js";

export interface ServerOptions {
  /** Whether files may be uploaded. */
  uploads: boolean;
  /** Told of each answer: "GET /simple/ 200". */
  log?: ((line: string) => void) | undefined;
}

const statusOf: Record<string, number> = {
  "bad-form": 400,
  "bad-name": 400,
  "digest-missing": 400,
  "digest-mismatch": 400,
  "already-exists": 409,
  "disk-full": 507,
};

/** A sentence as an answer; as reason phrase, too, since that is what twine and pip show. */
function say(response: ServerResponse, status: number, sentence: string): void {
  response.statusCode = status;
  response.statusMessage = sentence.replace(/[^\x20-\x7e]/g, "?").slice(0, 500);
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(`${sentence}\n`);
}

function sendPage(response: ServerResponse, page: Page): void {
  response.setHeader("content-type", page.type);
  response.setHeader("vary", "accept");
  response.setHeader("cache-control", "no-cache");
  response.setHeader("content-length", Buffer.byteLength(page.text));
  response.end(page.text);
}

function redirect(response: ServerResponse, location: string): void {
  response.setHeader("location", location);
  say(response, 301, `see ${location}`);
}

/** The first and last byte that a Range header asks for (RFC 9110, 14.2); undefined for the whole file. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || (first === "" && last === "")) return undefined;
  if (first === "")
    return Number(last) === 0 || size === 0
      ? "unsatisfiable"
      : { start: Math.max(0, size - Number(last)), end: size - 1 };
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: StoredFile): Promise<void> {
  const etag = `"${file.sha256}"`;
  response.setHeader("etag", etag);
  response.setHeader("last-modified", file.modified.toUTCString());
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("content-type", "application/octet-stream");
  if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  const condition = request.headers["if-range"];
  const asked = condition === undefined || condition === etag ? request.headers.range : undefined;
  const range = rangeOf(asked, file.size);
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${file.size}`);
    return say(response, 416, `${file.filename} has ${file.size} bytes`);
  }
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  if (range) {
    response.statusCode = 206;
    response.setHeader("content-range", `bytes ${start}-${end}/${file.size}`);
  }
  response.setHeader("content-length", end - start + 1);
  if (request.method === "HEAD" || file.size === 0) response.end();
  else await pipeline(createReadStream(file.path, { start, end }), response);
}

/** Reads a body to its end and drops it: an answer before the end of a body may be lost on its way. */
async function drain(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  await new Promise<void>((resolve) => {
    request.on("end", resolve).on("close", resolve).resume();
  });
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  store: Store,
  uploads: boolean,
): Promise<void> {
  const refusal = !uploads
    ? "this index takes no uploads: it serves others than this machine and asks for no password"
    : // A page in a browser must not be able to upload through its user's machine.
      request.headers.origin !== undefined
      ? "this index takes no uploads from web pages"
      : undefined;
  if (refusal !== undefined) {
    await drain(request);
    return say(response, 403, refusal);
  }
  try {
    const { filename, outcome } = await receiveUpload(request, store);
    // Tells two builders of the same bytes which of them was first.
    response.setHeader("essay-outcome", outcome);
    say(response, 200, `${filename} ${outcome}`);
  } catch (error) {
    const failure = asFailure(error);
    await drain(request);
    say(response, statusOf[failure.code] ?? 500, failure.message);
  }
}

async function show(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  store: Store,
): Promise<void> {
  const asJson = prefersJson(request.headers.accept);
  if (path === "/" || path === "/simple") return redirect(response, "/simple/");
  if (path === "/simple/") return sendPage(response, projectsPage(await store.projects(), asJson));
  const [, project, slash] = /^\/simple\/([^/]+)(\/?)$/.exec(path) ?? [];
  if (project !== undefined && isProjectName(project)) {
    const name = normaliseName(project);
    if (name !== project || !slash) return redirect(response, `/simple/${name}/`);
    const files = await store.files(name);
    if (files.length === 0) return say(response, 404, `no project ${name} here`);
    return sendPage(response, projectPage(name, files, asJson));
  }
  const filename = /^\/files\/([^/]+)$/.exec(path)?.[1];
  const file = filename === undefined ? undefined : await store.find(filename);
  if (file) return sendFile(request, response, file);
  say(response, 404, "not here; the list of projects is at /simple/");
}

/** The path that a request asks for, decoded; undefined for one that cannot be. */
function pathOf(request: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent((request.url ?? "").replace(/[?#].*/s, ""));
  } catch {
    return undefined;
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  store: Store,
  options: ServerOptions,
): Promise<void> {
  const path = pathOf(request);
  if (path === undefined) return say(response, 400, "the path of the request is no text");
  if (request.method === "POST" && /^\/((simple|legacy)\/?)?$/.test(path))
    return take(request, response, store, options.uploads);
  await drain(request);
  if (request.method === "GET" || request.method === "HEAD") return show(request, response, path, store);
  response.setHeader("allow", "GET, HEAD");
  say(response, 405, `${request.method} is not for ${path}; uploads go to / or /legacy/`);
}

/** A server for the files of a store. */
export interface IndexServer {
  /** Not yet listening. */
  server: Server;
  /** Takes no new connections, and resolves when the requests under way are answered. */
  close(): Promise<void>;
}

export function indexServer(store: Store, options: ServerOptions): IndexServer {
  // Connections without a request under way. Node's own closeIdleConnections leaves those that never had one.
  const idle = new Set<Socket>();
  let closing = false;
  const server = createServer((request, response) => {
    const { socket } = request;
    idle.delete(socket);
    response.on("close", () => {
      const outcome = response.writableFinished ? response.statusCode : "cut off";
      options.log?.(`${request.method} ${request.url} ${outcome}`);
      if (closing) socket.destroySoon();
      else if (!socket.destroyed) idle.add(socket);
    });
    answer(request, response, store, options).catch((error) => {
      options.log?.(`${request.method} ${request.url}: ${asFailure(error).message}`);
      if (response.headersSent) response.destroy();
      else say(response, 500, "something is wrong in the index; es-index -v says what");
    });
  });
  server.on("connection", (socket) => {
    idle.add(socket);
    socket.on("close", () => idle.delete(socket));
  });
  // A large upload over a slow line takes its time; a line that says nothing for long is cut.
  server.requestTimeout = 0;
  server.setTimeout(120_000);
  const close = async () => {
    closing = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of idle) socket.destroy();
    await closed;
  };
  return { server, close };
}
