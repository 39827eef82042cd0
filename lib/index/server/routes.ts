// What the embedded index answers to a request.

import type { IncomingMessage, ServerResponse } from "node:http";
import { isProjectName, normaliseName } from "../../base/distribution.js";
import { asFailure } from "../../base/failure.js";
import type { Store } from "../store/store.js";
import type { Htpasswd } from "./htpasswd.js";
import { pageKind } from "./negotiate.js";
import { frontPage, type Page, projectPage, projectsPage } from "./pages.js";
import { receiveUpload } from "./receive.js";
import { type Prepared, prepare, redirect, say, sendBytes, sendFile, sendPage } from "./replies.js";

/** What is answered to whom. */
export interface Answering {
  /** Whether files may be uploaded. */
  uploads: boolean;
  /** Who may upload; everybody where this is not said. */
  passwords?: Htpasswd | undefined;
  /** Asks for a password for pages and downloads, too. */
  private?: boolean;
  /** Where projects that are not here are looked for: a simple URL that ends in a slash. */
  upstream?: string | undefined;
  /** Most bytes of an upload's file. */
  most?: number | undefined;
}

/** A request and its answer. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** The client sends its body only when it is told to (RFC 9110, 10.1.1). */
  waits: boolean;
}

const statusOf: Record<string, number> = {
  "bad-form": 400,
  "bad-name": 400,
  "digest-missing": 400,
  "digest-mismatch": 400,
  "already-exists": 409,
  "too-large": 413,
  "disk-full": 507,
};

/** Bytes of a body that nobody wants that are read all the same. */
const mostDropped = 1024 ** 3;
/** Bytes of a form beside its file. */
const mostFields = 64 * 1024 ** 2;

/** Reads a body to its end and drops it: an answer before the end of a body may be lost on its way. */
async function drain(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  let dropped = 0;
  await new Promise<void>((resolve) => {
    request.on("end", resolve).on("close", resolve);
    request.on("data", (chunk: Buffer) => {
      dropped += chunk.length;
      if (dropped > mostDropped) request.socket.destroy();
    });
    request.resume();
  });
}

/**
 * An answer to a body that nobody wants. It comes at once for those who listen while they send; the body is read
 * for those who do not.
 */
async function refuse({ request, response, waits }: Exchange, status: number, why: string): Promise<void> {
  if (request.complete) return say(response, status, why);
  response.setHeader("connection", "close");
  if (waits) return say(response, status, why);
  const text = `${why}\n`;
  response.writeHead(status, why.replace(/[^\x20-\x7e]/g, "?").slice(0, 500), {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
    "content-length": Buffer.byteLength(text),
  });
  response.write(text);
  await drain(request);
  response.end();
}

/** True for somebody with a password, or where none is asked for; otherwise the answer is given. */
async function isWelcome(exchange: Exchange, { passwords }: Answering): Promise<boolean> {
  const { authorization } = exchange.request.headers;
  const password = (await passwords?.check(authorization)) ?? "right";
  if (password === "right") return true;
  const { response } = exchange;
  if (password === "busy") {
    response.setHeader("retry-after", "2");
    await refuse(exchange, 503, "too many passwords are being checked; try again");
    return false;
  }
  response.setHeader("www-authenticate", 'Basic realm="package index", charset="UTF-8"');
  const why = authorization === undefined ? "this index asks for a password" : "the password is wrong";
  await refuse(exchange, 401, why);
  return false;
}

async function take(exchange: Exchange, store: Store, answering: Answering): Promise<void> {
  const { request, response, waits } = exchange;
  if (!answering.uploads)
    return refuse(
      exchange,
      403,
      "this index takes no uploads: it serves others than this machine and has no file of passwords",
    );
  // A page in a browser must not be able to upload through its user's machine.
  if (request.headers.origin !== undefined)
    return refuse(exchange, 403, "this index takes no uploads from web pages");
  if (!(await isWelcome(exchange, answering))) return;
  const { most = Number.POSITIVE_INFINITY } = answering;
  const length = Number(request.headers["content-length"] ?? 0);
  if (length > most + mostFields)
    return refuse(exchange, 413, `${length} bytes are more than the ${most} that this index takes`);
  if (waits) response.writeContinue();
  try {
    const { filename, outcome } = await receiveUpload(request, store);
    // Tells two builders of the same bytes which of them was first.
    response.setHeader("essay-outcome", outcome);
    say(response, 200, `${filename} ${outcome}`);
  } catch (error) {
    const { code, message } = asFailure(error);
    const status = statusOf[code];
    if (status === undefined) throw error;
    await refuse({ request, response, waits: false }, status, message);
  }
}

/** Pages that are made once, until the projects change. */
const made = new WeakMap<ReadonlyMap<string, number>, Map<string, Prepared>>();

function once(projects: ReadonlyMap<string, number>, name: string, make: () => Page): Prepared {
  const pages = made.get(projects) ?? new Map<string, Prepared>();
  made.set(projects, pages);
  const page = pages.get(name) ?? prepare(make());
  pages.set(name, page);
  return page;
}

async function showProject(
  { request, response }: Exchange,
  url: URL,
  name: string,
  store: Store,
  { upstream }: Answering,
): Promise<void> {
  const files = await store.files(name);
  if (files) {
    const kind = pageKind(request.headers.accept, url.searchParams.get("format"));
    return sendPage(request, response, prepare(projectPage(name, files, kind)));
  }
  // Of a project of which there is one file here, none is ever looked for elsewhere: anybody could put it there.
  if (upstream !== undefined) return redirect(response, 302, `${upstream}${name}/`);
  say(response, 404, `no project ${name} here`);
}

async function showFile({ request, response }: Exchange, filename: string, store: Store): Promise<void> {
  const file = await store.openFile(filename);
  if (file) return sendFile(request, response, file);
  const metadata = filename.endsWith(".metadata") && (await store.metadata(filename.slice(0, -9)));
  if (metadata) return sendBytes(request, response, metadata, "text/plain; charset=utf-8");
  say(response, 404, `no file ${filename} here`);
}

async function show(
  exchange: Exchange,
  path: string,
  url: URL,
  store: Store,
  answering: Answering,
): Promise<void> {
  const { request, response } = exchange;
  if (path === "/") {
    const projects = await store.projects();
    const page = once(projects, "front", () => frontPage(projects, answering.uploads));
    return sendPage(request, response, page);
  }
  // Relative, so that a proxy may serve the index below a path of its own.
  if (path === "/simple") return redirect(response, 301, "simple/");
  if (path === "/simple/") {
    const projects = await store.projects();
    const kind = pageKind(request.headers.accept, url.searchParams.get("format"));
    return sendPage(
      request,
      response,
      once(projects, kind, () => projectsPage(projects.keys(), kind)),
    );
  }
  const [, project, slash] = /^\/simple\/([^/]+)(\/?)$/.exec(path) ?? [];
  if (project !== undefined && isProjectName(project)) {
    const name = normaliseName(project);
    if (!slash) return redirect(response, 301, `${name}/`);
    if (name !== project) return redirect(response, 301, `../${name}/`);
    return showProject(exchange, url, name, store, answering);
  }
  const filename = /^\/files\/([^/]+)$/.exec(path)?.[1];
  if (filename !== undefined) return showFile(exchange, filename, store);
  say(response, 404, "not here; the list of projects is at /simple/");
}

/** The address that a request asks for, and its path, decoded; undefined for one that cannot be. */
function addressOf({ url = "" }: IncomingMessage): { url: URL; path: string } | undefined {
  try {
    const address = new URL(url, "http://index.invalid");
    return { url: address, path: decodeURIComponent(url.replace(/[?#].*/s, "")) };
  } catch {
    return undefined;
  }
}

/** Answers one request; throws what is wrong with the index itself. */
export async function answer(exchange: Exchange, store: Store, answering: Answering): Promise<void> {
  const { request, response } = exchange;
  const address = addressOf(request);
  if (!address) return refuse(exchange, 400, "the path of the request is no text");
  const { path, url } = address;
  if (request.method === "POST" && /^\/((simple|legacy)\/?)?$/.test(path))
    return take(exchange, store, answering);
  if (answering.private && !(await isWelcome(exchange, answering))) return;
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return refuse(exchange, 405, `${request.method} is not for ${path}; uploads go to / or /legacy/`);
  }
  // A GET with a body is odd, but none that is refused.
  if (exchange.waits) response.writeContinue();
  await drain(request);
  await show(exchange, path, url, store, answering);
}
