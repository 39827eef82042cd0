// One way to a host: look its name up, connect, check its key, log in; with second tries where they may help.

import { lookup } from "node:dns/promises";
import { connect as connectTo, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type AnyAuthMethod, type Client } from "ssh2";
import { abortable } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import type { Gate } from "../base/gate.js";
import { showCommand } from "../base/quote.js";
import type { Asker } from "./asker.js";
import { gatherWrites } from "./gather-writes.js";
import { fingerprint, type KnownHosts, type KnownHostsFiles, nameOf, typeOf } from "./known-hosts.js";
import { Passing, withSecondTries } from "./second-tries.js";
import { offer } from "./ssh-algorithms.js";
import { type Identities, Login } from "./ssh-auth.js";
import type { SshSettings } from "./ssh-settings.js";

/** What all connections of a run share. */
export interface Surroundings {
  knownHosts: KnownHostsFiles;
  identities: Identities;
  /** Whom to ask for passwords. */
  asker: Asker;
  /** Limits what is under way before authentication. */
  gate: Gate;
  /** The same, narrower, for second tries: sshd drops more than a few (MaxStartups). */
  secondGate: Gate;
}

/** A host on the way, which connects to others for us. */
export interface Bastion {
  /** Throws Failure: refused, timeout, unresolved, unreachable; connection-lost when it went itself. */
  forward(where: string, hostname: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** Milliseconds for the log-in: an agent may ask its user first. */
const loginTime = 30_000;

/** A host that does not answer at all is no load on any sshd: it holds its place at the gate no longer. */
const gateTime = 1000;

/** Host as the record names it, and where that leads, for messages. */
function whereabouts(host: string, { hostname, port }: SshSettings): string {
  return host === hostname ? `${host} port ${port}` : `${host} (${hostname} port ${port})`;
}

async function resolve(host: string, settings: SshSettings, signal: AbortSignal): Promise<string[]> {
  const { hostname, family } = settings;
  if (isIP(hostname)) return [hostname];
  try {
    const found = await abortable(lookup(hostname, { all: true, family }), signal);
    return found.map(({ address }) => address);
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    throw new Passing("unresolved", `cannot look up ${whereabouts(host, settings)}: ${code}`);
  }
}

function socketFailure(where: string, error: NodeJS.ErrnoException): Failure {
  if (error.code === "ECONNREFUSED")
    return new Failure("refused", `${where} refuses connections: nobody listens there`);
  if (error.code === "ETIMEDOUT") return new Failure("timeout", `${where} does not answer`);
  if (error.code === "ECONNRESET")
    return new Passing("unreachable", `${where} hung up before the log-in: ${error.message}`);
  return new Failure("unreachable", `cannot reach ${where}: ${error.message}`);
}

/** Connects to one address; rejects with Failure "timeout" after `limit` milliseconds. */
function connectSocket(
  where: string,
  address: string,
  { port, bindAddress }: SshSettings,
  limit: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTo({
      host: address,
      port,
      noDelay: true,
      ...(bindAddress !== undefined && { localAddress: bindAddress }),
    });
    const end = (error: unknown) => {
      socket.destroy();
      reject(error);
    };
    const aborted = () => end(signal.reason);
    const timer = setTimeout(
      () => end(new Failure("timeout", `${where} does not answer within ${limit / 1000} s`)),
      limit,
    );
    socket.once("error", (error) => end(socketFailure(where, error)));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("close", () => clearTimeout(timer));
    socket.once("connect", () => clearTimeout(timer));
    signal.addEventListener("abort", aborted, { once: true });
    for (const event of ["connect", "close"])
      socket.once(event, () => signal.removeEventListener("abort", aborted));
  });
}

/** The first of the addresses that answers; each has its share of the time. */
async function reach(host: string, settings: SshSettings, signal: AbortSignal): Promise<Socket> {
  const addresses = await resolve(host, settings, signal);
  const limit = Math.ceil(settings.connectTimeout / addresses.length);
  let failure: unknown;
  for (const address of addresses) {
    const { hostname } = settings;
    const where = whereabouts(host, settings) + (address === hostname ? "" : ` at ${address}`);
    try {
      return await connectSocket(where, address, settings, limit, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure ??= error;
    }
  }
  throw failure;
}

/** A stream to the host by way of another one. */
async function reachThrough(
  bastion: Bastion,
  host: string,
  settings: SshSettings,
  signal: AbortSignal,
): Promise<Duplex> {
  const { hostname, port, connectTimeout } = settings;
  const where = whereabouts(host, settings);
  const late = new Failure("timeout", `${where} does not answer within ${connectTimeout / 1000} s`);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(late), connectTimeout);
  try {
    return await bastion.forward(where, hostname, port, AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    // It is opened anew for the next try.
    if (error instanceof Failure && error.code === "connection-lost")
      throw new Passing("unreachable", error.message);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Checks the host's key; `failure` tells why it was refused, `learn` that it is to be remembered. */
class HostKeyCheck {
  failure: Failure | undefined;
  /** Types of keys that are known for the host, when it showed one of another type. */
  otherTypes: string[] = [];
  learn: Buffer | undefined;
  readonly #host: string;
  readonly #settings: SshSettings;
  readonly #known: KnownHosts;

  constructor(host: string, settings: SshSettings, known: KnownHosts) {
    this.#host = host;
    this.#settings = settings;
    this.#known = known;
  }

  /** The name for which a key is remembered, and others whose key will do. */
  get names(): [string, ...string[]] {
    const { hostKeyAlias, hostname, port } = this.#settings;
    if (hostKeyAlias !== undefined) return [hostKeyAlias.toLowerCase()];
    const name = nameOf(hostname, port);
    return port === 22 ? [name] : [name, nameOf(hostname, 22)];
  }

  types(withHashed: boolean): string[] {
    return this.#known.types(this.names.slice(0, 1), withHashed);
  }

  check(key: Buffer): boolean {
    const verdict = this.#known.verdict(this.names, key);
    this.failure = undefined;
    if (verdict.is === "known") return true;
    if (verdict.is === "unknown") {
      if (this.#settings.acceptNew) this.learn = key;
      else this.failure = this.#unknown(key, verdict.authority !== undefined);
      return this.#settings.acceptNew;
    }
    const { file, line } = verdict.line;
    const where = whereabouts(this.#host, this.#settings);
    if (verdict.is === "revoked")
      this.failure = new Failure(
        "host-key-revoked",
        `the key of ${where}, ${fingerprint(key)}, is revoked in ${file} line ${line}: do not use this host`,
      );
    else {
      const types = this.types(true);
      if (!types.includes(typeOf(key))) this.otherTypes = types;
      const known = fingerprint(Buffer.from(verdict.line.key, "base64"));
      const mend = showCommand(["ssh-keygen", "-R", this.names[0], "-f", file]);
      this.failure = new Failure(
        "host-key-changed",
        `the key of ${where} is ${fingerprint(key)}, but ${file} line ${line} has ${known}: the host was set up anew, or somebody is in between; if the new key is right: ${mend}`,
      );
    }
    return false;
  }

  #unknown(key: Buffer, authority: boolean): Failure {
    const { unusedForHostKey } = this.#settings;
    const type = typeOf(key).replace(/^ssh-|-.*/g, "");
    const remarks = [
      ...(authority ? ["certificates of hosts are checked by --ssh openssh only"] : []),
      ...unusedForHostKey.map((setting) => `${setting} is heeded by --ssh openssh only`),
    ];
    const remark = remarks.map((text) => ` (${text})`).join("");
    return new Failure(
      "host-key-unknown",
      `the key of ${whereabouts(this.#host, this.#settings)} is in no known_hosts file${remark}: ${fingerprint(key)}; compare it with what ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub says there, then run again with --accept-new`,
    );
  }

  /** To be called when the host has proved that it has the key. */
  async remember(): Promise<void> {
    if (!this.learn) return;
    const { hashKnownHosts } = this.#settings;
    await this.#known.learn(this.names[0], this.learn, hashKnownHosts);
  }
}

/** What ssh2 calls when the host wants something of the whole connection. */
type OnRequest = (
  protocol: { requestSuccess(): void },
  name: string,
  wantReply: boolean,
  data: unknown,
) => void;

/**
 * sshd shows all of its keys after the log-in (UpdateHostKeys), and ssh2 has it prove each of them, which nobody here
 * looks at: a round trip, and a fifth of the work of a connection. ssh2 has no option for that.
 */
function leaveOtherKeys(client: Client): void {
  const { _protocol: protocol } = client as { _protocol?: { _handlers?: { GLOBAL_REQUEST?: OnRequest } } };
  const usual = protocol?._handlers?.GLOBAL_REQUEST;
  if (!protocol?._handlers || !usual) return;
  protocol._handlers.GLOBAL_REQUEST = (to, name, wantReply, data) => {
    if (name !== "hostkeys-00@openssh.com") usual(to, name, wantReply, data);
    else if (wantReply) to.requestSuccess();
  };
}

/** Speaks SSH over a socket until the host has let us in. */
function logIn(
  host: string,
  socket: Duplex,
  settings: SshSettings,
  check: HostKeyCheck,
  types: readonly string[],
  login: Login,
  asker: Asker,
  signal: AbortSignal,
): Promise<Client> {
  const { user, connectTimeout, keepaliveInterval, keepaliveCount, forwardAgent } = settings;
  const where = whereabouts(host, settings);
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let trouble: (Error & { level?: string; code?: unknown }) | undefined;
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    };
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const aborted = () => fail(signal.reason);
    const limit = (what: string, ms: number): NodeJS.Timeout =>
      setTimeout(() => {
        // A person may take longer.
        if (asker.isAsking) timer = limit(what, ms);
        else fail(new Failure("timeout", `${where} did not end ${what} within ${ms / 1000} s`));
      }, ms);
    let timer = limit("the key exchange", connectTimeout);
    let loggingIn = false;
    signal.addEventListener("abort", aborted);
    if (signal.aborted) aborted();

    client.on("handshake", () => {
      loggingIn = true;
      clearTimeout(timer);
      timer = limit("the log-in", Math.max(loginTime, connectTimeout));
    });
    client.on("ready", () => {
      settle();
      resolve(client);
    });
    // This listener stays: an error without one would end the program.
    client.on("error", (error: Error & { level?: string; code?: unknown }) => {
      if (error.level === "agent") return; // ssh2 goes on to the next key
      trouble ??= error;
      socket.destroy(); // "close" follows
    });
    const why = (): Failure => {
      if (check.failure) return check.failure;
      const said = trouble ? `: ${trouble.message}` : "";
      // A server that has enough of our keys says good-bye (RFC 4253 section 11.1), which has a number.
      const dismissed = login.denied && typeof trouble?.code === "number";
      if (trouble?.level === "client-authentication" || dismissed)
        return new Failure("auth-failed", `${where} does not let ${user} in; ${login.story}`);
      const hungUp = `${where} hung up during the log-in${said}`;
      // The answer took longer than the host waits (LoginGraceTime); it may be there at the next try.
      if (loggingIn && asker.isAsking) return new Passing("unreachable", hungUp);
      if (loggingIn) return new Failure("unreachable", hungUp);
      if (trouble?.level === "handshake") return new Failure("unreachable", `${where}${said}`);
      // ssh2's words for a first line that is not that of SSH 2.
      if (/identification string|greeting lines/.test(said))
        return new Failure("unreachable", `${where} speaks no protocol that we know${said}`);
      return new Passing("unreachable", `${where} hung up before the log-in${said}`);
    };
    client.on("close", () => fail(why()));
    gatherWrites(socket);
    try {
      client.connect({
        sock: socket,
        username: user,
        readyTimeout: 0,
        keepaliveInterval,
        keepaliveCountMax: keepaliveCount,
        algorithms: offer(settings.algorithms, types),
        hostVerifier: (key: Buffer) => check.check(key),
        ...(forwardAgent !== undefined && { agent: forwardAgent }),
        authHandler: (left, partial, attempt) => {
          login.next(left, partial).then((next) => {
            if (!socket.destroyed) attempt(next as AnyAuthMethod);
          }, fail);
        },
      });
      leaveOtherKeys(client);
    } catch (error) {
      fail(error);
    }
  });
}

async function attempt(
  host: string,
  settings: SshSettings,
  types: readonly string[] | undefined,
  around: Surroundings,
  gate: Gate,
  signal: AbortSignal,
  through: (() => Promise<Bastion>) | undefined,
): Promise<Client> {
  const { userKnownHosts, globalKnownHosts } = settings;
  const candidates = await abortable(around.identities.candidatesFor(settings), signal);
  const known = await around.knownHosts.load(userKnownHosts, globalKnownHosts);
  const check = new HostKeyCheck(host, settings, known);
  // Before we take a place: the way's connections need places, too.
  const bastion = await through?.();
  const place = await gate.enter(signal);
  const slow = setTimeout(place.leave, gateTime);
  try {
    const socket = bastion
      ? await reachThrough(bastion, host, settings, signal)
      : await reach(host, settings, signal);
    clearTimeout(slow);
    const login = new Login(host, settings, candidates, around.asker);
    const client = await logIn(
      host,
      socket,
      settings,
      check,
      types ?? check.types(false),
      login,
      around.asker,
      signal,
    );
    await check.remember();
    return client;
  } catch (error) {
    // The host has a key of another type, too, and that one may be known.
    const { otherTypes } = check;
    if (error !== check.failure || types !== undefined || otherTypes.length === 0) throw error;
    place.leave();
    return await attempt(host, settings, otherTypes, around, gate, signal, through);
  } finally {
    clearTimeout(slow);
    place.leave();
  }
}

/**
 * Connects, by way of another host where `through` opens one, and logs in. Throws Failure: unresolved, unreachable, refused, timeout, host-key-unknown,
 * host-key-changed, host-key-revoked, auth-failed; or the abort's reason.
 */
export function connect(
  host: string,
  settings: SshSettings,
  around: Surroundings,
  signal: AbortSignal,
  through?: () => Promise<Bastion>,
): Promise<Client> {
  const gateFor = (failed: number) => (failed === 0 ? around.gate : around.secondGate);
  return withSecondTries(
    (failed) => attempt(host, settings, undefined, around, gateFor(failed), signal, through),
    signal,
  );
}
