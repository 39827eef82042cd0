// One way to a host: reach it, check its key, log in; with second tries where they may help.

import type { Duplex } from "node:stream";
import ssh2, { type AnyAuthMethod, type Client, type ParsedKey } from "ssh2";
import { abortable } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import type { Gate } from "../base/gate.js";
import type { Asker } from "./asker.js";
import { gatherWrites } from "./gather-writes.js";
import { HostKeyCheck } from "./host-key-check.js";
import type { KnownHostsFiles } from "./known-hosts.js";
import { Passing, withSecondTries } from "./second-tries.js";
import { offer } from "./ssh-algorithms.js";
import type { Identities } from "./ssh-identities.js";
import { Login } from "./ssh-login.js";
import { type Bastion, reach, reachThrough, whereabouts } from "./ssh-reach.js";
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

/** Milliseconds for the log-in: an agent may ask its user first. */
const loginTime = 30_000;

/** A host that does not answer at all is no load on any sshd: it holds its place at the gate no longer. */
const gateTime = 1000;

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

type AuthPublicKey = (
  user: string,
  key: ParsedKey,
  algorithm?: string,
  sign?: (data: Buffer, done: (signature: Buffer) => void) => void,
) => void;

/**
 * ssh2 asks first whether a key would do, and signs then: a round trip, for which sshd reads authorized_keys once more.
 * A key that we hold ourselves signs at once (RFC 4252 section 7). Others are left alone: an agent may ask its user,
 * and an RSA key has the choice of several algorithms.
 */
function signAtOnce(client: Client): void {
  const { _protocol: protocol } = client as { _protocol?: { authPK?: AuthPublicKey } };
  if (!protocol?.authPK) return;
  const usual = protocol.authPK.bind(protocol);
  protocol.authPK = (user, key, algorithm, sign) => {
    const ours = key.type === "ssh-ed25519" && key.isPrivateKey();
    usual(user, key, algorithm, sign ?? (ours ? (data, done) => done(key.sign(data)) : undefined));
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
      if (trouble?.level === "handshake") {
        const way = /no matching/.test(said) ? "; --ssh openssh has more algorithms" : "";
        return new Failure("unreachable", `${where}${said}${way}`);
      }
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
      signAtOnce(client);
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
    try {
      await check.remember();
    } catch (error) {
      client.destroy();
      throw error;
    }
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
 * Connects, by way of another host where `through` opens one, and logs in. Throws Failure: unresolved, unreachable,
 * refused, timeout, host-key-unknown, host-key-changed, host-key-revoked, auth-failed; or the abort's reason.
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
