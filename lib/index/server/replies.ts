// Answers of the embedded index: sentences, pages, files; conditional and in part as RFC 9110 has it.

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { OpenFile } from "../store/store.js";
import { acceptsGzip } from "./negotiate.js";
import type { Page } from "./pages.js";

/** Below this size (bytes), packing saves no packet. */
const worthPacking = 1024;

/** A sentence as an answer; as reason phrase, too, since that is what twine and pip show. */
export function say(response: ServerResponse, status: number, sentence: string): void {
  if (response.headersSent) return;
  const text = `${sentence}\n`;
  response.statusCode = status;
  response.statusMessage = sentence.replace(/[^\x20-\x7e]/g, "?").slice(0, 500);
  response.setHeader("content-type", "text/plain; charset=utf-8");
  // The sentence may have in it what was asked for.
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("content-length", Buffer.byteLength(text));
  response.end(text);
}

/** Sends on to `location`, which may be relative. */
export function redirect(response: ServerResponse, status: 301 | 302, location: string): void {
  response.setHeader("location", location);
  say(response, status, `see ${location}`);
}

/**
 * True when the client has what it asks for: If-None-Match, or If-Modified-Since where that is not said
 * (RFC 9110, 13.2.2). `etag` is that of a GET's answer, with its quotes.
 */
function isUnchanged(request: IncomingMessage, etag: string, modified?: Date): boolean {
  const tags = request.headers["if-none-match"];
  if (tags !== undefined)
    return tags.trim() === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  return modified !== undefined && Math.floor(modified.getTime() / 1000) * 1000 <= since;
}

function notModified(response: ServerResponse): void {
  response.statusCode = 304;
  response.end();
}

/** A page that is ready to be sent, plain and packed. */
export interface Prepared {
  type: string;
  etag: string;
  plain: Buffer;
  packed?: Promise<Buffer> | undefined;
}

function etagOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("base64url").slice(0, 27);
}

export function prepare({ type, text }: Page): Prepared {
  const plain = Buffer.from(text);
  return { type, plain, etag: etagOf(plain) };
}

/** Sends a page; packed, where the client takes that, which is then kept with it. */
export async function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  page: Prepared,
): Promise<void> {
  const packing = page.plain.length >= worthPacking && acceptsGzip(request.headers["accept-encoding"]);
  const etag = `"${page.etag}${packing ? "-gzip" : ""}"`;
  response.setHeader("etag", etag);
  response.setHeader("vary", "accept, accept-encoding");
  response.setHeader("cache-control", "no-cache");
  if (isUnchanged(request, etag)) return notModified(response);
  if (packing) {
    page.packed ??= promisify(gzip)(page.plain);
    response.setHeader("content-encoding", "gzip");
  }
  const body = packing ? await page.packed : page.plain;
  response.setHeader("content-type", page.type);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("content-security-policy", "default-src 'none'");
  response.setHeader("content-length", body?.length ?? 0);
  response.end(body);
}

/** The first and last byte that a Range header asks for (RFC 9110, 14.2); undefined for the whole file. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? "") ?? [];
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

/** The Range header, where its condition is met: the client has a part of this very file (RFC 9110, 13.1.5). */
function rangeAsked(request: IncomingMessage, etag: string, modified: string): string | undefined {
  const condition = request.headers["if-range"]?.toString();
  if (condition !== undefined && condition !== etag && condition !== modified) return undefined;
  return request.method === "GET" ? request.headers.range : undefined;
}

/** Sends a file, or the part of it that is asked for, and closes it. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: OpenFile,
): Promise<void> {
  try {
    const { size, handle } = file;
    const etag = `"${file.tag}"`;
    const modified = file.modified.toUTCString();
    response.setHeader("etag", etag);
    response.setHeader("last-modified", modified);
    response.setHeader("accept-ranges", "bytes");
    if (isUnchanged(request, etag, file.modified)) return notModified(response);
    const range = rangeOf(rangeAsked(request, etag, modified), size);
    if (range === "unsatisfiable") {
      response.setHeader("content-range", `bytes */${size}`);
      return say(response, 416, `the file has ${size} bytes`);
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    if (range) {
      response.statusCode = 206;
      response.setHeader("content-range", `bytes ${start}-${end}/${size}`);
    }
    response.setHeader("content-type", "application/octet-stream");
    response.setHeader("content-length", end - start + 1);
    if (request.method === "HEAD" || size === 0) response.end();
    else
      await pipeline(
        handle.createReadStream({ start, end, autoClose: false, highWaterMark: 256 * 1024 }),
        response,
      );
  } finally {
    await file.handle.close();
  }
}

/** Sends bytes that are in memory, as a file of the type. */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  type: string,
): void {
  const etag = `"${etagOf(bytes)}"`;
  response.setHeader("etag", etag);
  if (isUnchanged(request, etag)) {
    notModified(response);
    return;
  }
  response.setHeader("content-type", type);
  response.setHeader("content-length", bytes.length);
  response.end(bytes);
}
