// One HTTP request by node:http or node:https: a body of known length, time limits, and errors that say what
// happened in a stable word. Redirects are the caller's to follow, so that no credentials travel on by themselves.

import type http from "node:http";
import type { PeerCertificate } from "node:tls";
import { Failure } from "../base/failure.js";
import { type ProxyInUse, proxyFor, readAuthorities, type Way } from "./access.js";
import type { Credentials } from "./credentials.js";

/**
 * What is sent: `length` bytes, which `chunks` must give exactly. A chunk is of no more use when the next one but one
 * is asked for.
 */
export interface Body {
  length: number;
  chunks: AsyncIterable<Buffer>;
}

export interface RequestOptions extends Way {
  method?: string;
  headers?: Record<string, string>;
  body?: Body;
  /** For basic authentication (RFC 7617). */
  credentials?: Credentials | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte in either direction after which the request has failed (60 000). */
  silence?: number;
}

export interface Answer {
  status: number;
  /** The reason phrase, which package indexes use to explain. */
  reason: string;
  headers: http.IncomingHttpHeaders;
  url: string;
  body: http.IncomingMessage;
}

const connectLimit = 10_000;

const codes: Record<string, [code: string, sentence: string]> = {
  ENOTFOUND: ["unresolved", "its name is not known"],
  EAI_AGAIN: ["unresolved", "its name could not be looked up"],
  ECONNREFUSED: ["refused", "nothing listens there"],
  EHOSTUNREACH: ["unreachable", "there is no way to it"],
  ENETUNREACH: ["unreachable", "there is no way to its network"],
  EADDRNOTAVAIL: ["unreachable", "there is no way to its address"],
  ETIMEDOUT: ["timeout", "it does not answer"],
  ECONNRESET: ["reset", "the connection was cut"],
  EPIPE: ["reset", "the connection was cut"],
  EPROTO: ["bad-answer", "it does not speak TLS; is the URL http rather than https?"],
};

function isCertificateProblem(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
}

/** The host name, or the address without brackets. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** A URL as it may be shown: without user information. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function asHttpFailure(error: NodeJS.ErrnoException, url: URL, proxy: ProxyInUse | undefined): Failure {
  if (error instanceof Failure) return error;
  const code = error.code ?? "";
  const where = `${shown(url)}${proxy ? ` (through ${proxy.name})` : ""}`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new Failure(
      "bad-certificate",
      `the certificate of ${url.host} is for other names: ${error.message}`,
    );
  if (isCertificateProblem(code))
    return new Failure(
      "bad-certificate",
      `the certificate of ${url.host} is not trusted (${error.message}); --ca-bundle or index.ca_bundle name the file of its authority`,
    );
  if (code.startsWith("HPE_"))
    return new Failure("bad-answer", `${where} answers with something that is not HTTP (${code})`);
  const [word, sentence] = codes[code] ?? ["unreachable", error.message || code];
  return new Failure(word, `cannot reach ${where}: ${sentence}`);
}

/** An agent for a proxy; loaded only where there is one. */
async function proxyAgent({ url }: ProxyInUse): Promise<http.Agent> {
  const { ProxyAgent } = await import("proxy-agent");
  return new ProxyAgent(url === undefined ? {} : { getProxyForUrl: () => url });
}

function requestHeaders(options: RequestOptions): Record<string, string> {
  const { headers, body, credentials } = options;
  const basic = credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64");
  return {
    "user-agent": `essay node/${process.versions.node}`,
    ...headers,
    ...(body && { "content-length": String(body.length) }),
    ...(basic && { authorization: `Basic ${basic}` }),
  };
}

/**
 * Sends the body. An answer that comes before its end (413, 401) stops the sending, and stays readable.
 * A source that fails ends the request before its last byte, so that no server takes it for whole.
 */
async function send(request: http.ClientRequest, body: Body): Promise<void> {
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true;
      resolve();
    };
    request.on("close", end).on("response", (answer) => {
      end();
      // The rest of the body is owed on this connection: it is of no use for another request.
      answer.on("end", () => {
        if (!request.writableEnded) request.destroy();
      });
    });
  });
  const write = (chunk: Buffer) =>
    Promise.race([ended, new Promise<void>((resolve) => request.write(chunk, () => resolve()))]);
  try {
    let before: Promise<void> | undefined;
    // While one chunk is on its way, the next one is made.
    for await (const chunk of body.chunks) {
      await before;
      if (over) return;
      before = write(chunk);
    }
    request.end();
  } catch (error) {
    request.destroy(error as Error);
  }
}

/** How connections to servers are made, for one of the two schemes. */
interface Scheme {
  open: typeof http.request;
  /** Keeps connections for the next request (RFC 9112, section 9.3); they do not keep the program alive. */
  keeping: http.Agent;
  checkServerIdentity?: typeof import("node:tls").checkServerIdentity;
}

const schemes = new Map<string, Promise<Scheme>>();

/** Loaded when it is first needed: each costs some milliseconds. */
function schemeOf({ protocol }: URL): Promise<Scheme> {
  const load = async (): Promise<Scheme> => {
    if (protocol === "http:") {
      const { Agent, request } = await import("node:http");
      return { open: request, keeping: new Agent({ keepAlive: true }) };
    }
    const { Agent, request } = await import("node:https");
    const { checkServerIdentity } = await import("node:tls");
    return { open: request, keeping: new Agent({ keepAlive: true }), checkServerIdentity };
  };
  const scheme = schemes.get(protocol) ?? load();
  schemes.set(protocol, scheme);
  return scheme;
}

/** True for a connection that was kept and that the server closed before it saw the request. */
function wasStale(sent: http.ClientRequest, error: NodeJS.ErrnoException, options: RequestOptions): boolean {
  return sent.reusedSocket && !options.body && ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
}

/**
 * One request; resolves with whatever answer comes. Throws a Failure: unresolved, refused, unreachable, reset,
 * timeout, bad-certificate, bad-answer, bad-index (no http or https URL), or the signal's reason.
 */
export async function request(address: string, options: RequestOptions = {}): Promise<Answer> {
  if (!URL.canParse(address) || !/^https?:/i.test(address))
    throw new Failure("bad-index", `${address} is no http or https URL`);
  const url = new URL(address);
  options.signal?.throwIfAborted();
  const ca = options.ca === undefined ? undefined : await readAuthorities(options.ca);
  const proxy = proxyFor(url, options);
  const scheme = await schemeOf(url);
  const attempt = (agent: http.Agent | false) =>
    new Promise<Answer>((resolve, reject) => {
      const { signal, silence = 60_000 } = options;
      const { checkServerIdentity } = scheme;
      const sent = scheme.open(shown(url) + url.search, {
        method: options.method ?? "GET",
        headers: requestHeaders(options),
        agent,
        ...(ca !== undefined && { ca }),
        // Behind a proxy, an address would be taken for the name localhost.
        ...(checkServerIdentity && {
          checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
            checkServerIdentity(bareHost(url), certificate),
        }),
        ...(signal && { signal }),
      });
      const late = (what: string) => () =>
        sent.destroy(new Failure("timeout", `${shown(url)} does not answer: ${what}`));
      const connecting = setTimeout(late(`no connection after ${connectLimit / 1000} s`), connectLimit);
      sent.on("socket", (socket) => {
        if (socket.connecting) socket.once("connect", () => clearTimeout(connecting));
        else clearTimeout(connecting);
      });
      sent.on("close", () => clearTimeout(connecting));
      sent.setTimeout(silence, late(`no byte for ${silence / 1000} s`));
      sent.on("error", (error) => {
        if (signal?.aborted) reject(signal.reason);
        else if (wasStale(sent, error, options)) resolve(attempt(false));
        else reject(asHttpFailure(error, url, proxy));
      });
      sent.on("response", (body) =>
        resolve({
          status: body.statusCode ?? 0,
          reason: body.statusMessage ?? "",
          headers: body.headers,
          url: shown(url) + url.search,
          body,
        }),
      );
      if (options.body) void send(sent, options.body);
      else sent.end();
    });
  return attempt(proxy ? await proxyAgent(proxy) : scheme.keeping);
}

/** The chunks of an answer's body. Throws as `request` does, when the connection ends before the body. */
export async function* readChunks(answer: Answer, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* answer.body;
  } catch (error) {
    throw signal?.aborted
      ? signal.reason
      : asHttpFailure(error as NodeJS.ErrnoException, new URL(answer.url), undefined);
  }
}

/** An answer's body as text. More than `most` bytes is a Failure "bad-answer". */
export async function readText(answer: Answer, most: number, signal?: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readChunks(answer, signal)) {
    length += chunk.length;
    if (length > most) throw new Failure("bad-answer", `${answer.url} answers with more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
