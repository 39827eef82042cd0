// The transport by ssh2: one connection for each user, host and port, opened at its first use.

import type { Duplex } from "node:stream";
import type { Client, ClientChannel, ExecOptions } from "ssh2";
import { abortable, pause } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import { Gate, type Place } from "../base/gate.js";
import { TerminalAsker } from "./asker.js";
import type { Channel, Ended, SshOptions, Target, Transport } from "./contract.js";
import { KnownHostsFiles } from "./known-hosts.js";
import { Identities } from "./ssh-auth.js";
import { connect, type Surroundings } from "./ssh-connect.js";
import { nameOf, Routes, type Stop } from "./ssh-route.js";
import { type SshSettings, SshSettingsReader } from "./ssh-settings.js";
import { Connections } from "./ssh-sharing.js";

/**
 * Connections before authentication. sshd begins to drop them when it has ten (MaxStartups); hosts have one each,
 * and where several names lead to one sshd, those that it dropped come again a few at a time.
 */
const connectionsUnderWay = { atFirst: 30, again: 5 };
/** As many sessions as sshd allows in a connection (MaxSessions). */
const sessionsAtOnce = 10;

/** Milliseconds for saying good-bye. */
const farewell = 1000;

/** A connection that is open. */
class Connection {
  readonly #host: string;
  readonly #client: Client;
  readonly #settings: SshSettings;
  readonly #sessions = new Gate(sessionsAtOnce);
  /** For each session, what it does when the connection is lost. */
  readonly #open = new Set<(why: Failure) => void>();
  #trouble: string | undefined;
  #forwardAgent: boolean;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;

  constructor(host: string, client: Client, settings: SshSettings) {
    this.#host = host;
    this.#client = client;
    this.#settings = settings;
    this.#forwardAgent = settings.forwardAgent !== undefined;
    client.on("error", (error) => {
      this.#trouble ??= error.message;
    });
    this.closed = new Promise((resolve) => {
      client.once("close", () => {
        for (const lose of this.#open) lose(this.#lost("while a command ran"));
        resolve();
      });
    });
  }

  #lost(when: string): Failure {
    const why = this.#trouble ? `: ${this.#trouble}` : "";
    return new Failure("connection-lost", `the connection to ${this.#host} was lost ${when}${why}`);
  }

  /** Throws Failure "connection-lost" when it had gone already and the command has not begun. */
  async start(command: string, signal: AbortSignal): Promise<Channel> {
    const place = await this.#sessions.enter(signal);
    try {
      const opening = this.#session(command, place);
      // Too late to be told: what it started ends as its stdin does.
      opening.then((channel) => signal.aborted && channel.destroy()).catch(() => {});
      return await abortable(opening, signal);
    } catch (error) {
      if (error instanceof NoRoom && this.#open.size > 0) {
        place.forfeit();
        return await this.start(command, signal);
      }
      place.leave();
      throw error;
    }
  }

  async #session(command: string, place: Place): Promise<Channel> {
    const env = this.#settings.environment;
    if (this.#forwardAgent) {
      try {
        return await this.#execute(command, { env, agentForward: true } as ExecOptions, place);
      } catch (error) {
        if (!(error instanceof Failure) || !error.message.endsWith("agent forwarding")) throw error;
        // As ssh does: a host that forbids forwarding runs the command without it.
        this.#forwardAgent = false;
      }
    }
    return await this.#execute(command, { env }, place);
  }

  #execute(command: string, options: ExecOptions, place: Place): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const lose = () => reject(this.#lost("before the command began"));
      this.#open.add(lose);
      const begun = (error: (Error & { reason?: unknown }) | undefined, stream: ClientChannel) => {
        this.#open.delete(lose);
        if (!error) return resolve(this.#channel(stream, place));
        const Kind = error.reason === undefined ? Failure : NoRoom;
        reject(new Kind("exec-failed", `${this.#host} starts no command: ${error.message}`));
      };
      try {
        this.#client.exec(command, options, begun);
      } catch {
        this.#open.delete(lose);
        lose(); // "Not connected"
      }
    });
  }

  /** Must be called at once when the session is there: the exit may be the next thing to happen. */
  #channel(stream: ClientChannel, place: Place): Channel {
    const ended = new Promise<Ended>((resolve, reject) => {
      this.#open.add(reject);
      stream.once("exit", (status: number | null, signal?: string) =>
        resolve({ status, signal: signal?.replace(/^SIG/, "") ?? null }),
      );
      stream.once("close", () => {
        this.#open.delete(reject);
        place.leave();
        reject(
          new Failure(
            "connection-lost",
            `${this.#host} ended a session without saying how the command ended`,
          ),
        );
      });
    });
    ended.catch(() => {}); // whoever awaits it hears of it
    const destroy = () => {
      stream.destroy();
      // What is not read would keep the session from closing.
      stream.resume();
      stream.stderr.resume();
    };
    return { stdin: stream, stdout: stream, stderr: stream.stderr, ended, destroy };
  }

  /** A stream to another host, which this one connects to. Throws Failure when it cannot. */
  forward(where: string, hostname: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const opening = new Promise<Duplex>((resolve, reject) => {
      const lose = () => reject(this.#lost(`on the way to ${where}`));
      this.#open.add(lose);
      const opened = (error: (Error & { reason?: unknown }) | undefined, stream: ClientChannel) => {
        this.#open.delete(lose);
        if (error) reject(this.#refusal(where, error.message, error.reason === 1));
        else resolve(stream);
      };
      try {
        this.#client.forwardOut("127.0.0.1", 0, hostname, port, opened);
      } catch {
        this.#open.delete(lose);
        lose(); // "Not connected"
      }
    });
    opening.then((stream) => signal.aborted && stream.destroy()).catch(() => {});
    return abortable(opening, signal);
  }

  /**
   * What sshd's words mean, which are those of strerror(3) and gai_strerror(3) on the host on the way.
   * `prohibited`: by its reason (RFC 4254 section 5.1).
   */
  #refusal(where: string, said: string, prohibited: boolean): Failure {
    const words = said.replace(/^\(SSH\) Channel open failure: /, "");
    const why = prohibited ? "it forbids forwarding (AllowTcpForwarding)" : words;
    const text = `${this.#host} cannot reach ${where}: ${why}`;
    if (/refused/i.test(why)) return new Failure("refused", text);
    if (/timed out/i.test(why)) return new Failure("timeout", text);
    if (/not known|resolution|unknown host/i.test(why)) return new Failure("unresolved", text);
    return new Failure("unreachable", text);
  }

  async close(): Promise<void> {
    this.#client.end();
    const enough = new AbortController();
    await Promise.race([this.closed, pause(farewell, enough.signal).catch(() => {})]);
    enough.abort();
    this.#client.destroy();
  }
}

/** The host opens no further session in this connection, at least for now. */
class NoRoom extends Failure {}

/** What trying again would not mend, and might be held against us. */
const neverAgain = new Set(["auth-failed", "host-key-unknown", "host-key-changed", "host-key-revoked"]);

/** Runs commands on hosts by ssh, with ssh's own settings. */
export class SshTransport implements Transport {
  readonly #routes: Routes;
  readonly #terminal = new TerminalAsker();
  readonly #around: Surroundings;
  readonly #connections = new Connections<Connection>();
  /** Hosts on the way that do not let us in. */
  readonly #refused = new Map<string, Failure>();

  constructor({ config, acceptNew, asker = this.#terminal }: SshOptions) {
    this.#around = {
      knownHosts: new KnownHostsFiles(),
      identities: new Identities(asker),
      asker,
      gate: new Gate(connectionsUnderWay.atFirst),
      secondGate: new Gate(connectionsUnderWay.again),
    };
    this.#routes = new Routes(new SshSettingsReader(config, acceptNew));
  }

  start(target: Target, command: string, signal: AbortSignal): Promise<Channel> {
    const open = async (giveUp: AbortSignal) => this.#open(await this.#routes.to(target, giveUp), giveUp);
    return this.#connections.start(nameOf(target), open, command, signal);
  }

  async #open(route: readonly Stop[], signal: AbortSignal): Promise<Connection> {
    const { target, settings } = route.at(-1) as Stop;
    const { host = "" } = target;
    const before = route.slice(0, -1);
    const through = before.length === 0 ? undefined : () => this.#through(host, before, signal);
    return new Connection(host, await connect(host, settings, this.#around, signal, through), settings);
  }

  /** A connection to the last host of a way, shared by all hosts behind it. */
  async #through(host: string, way: readonly Stop[], signal: AbortSignal): Promise<Connection> {
    const name = way.map(({ target }) => nameOf(target)).join(" ");
    const last = (way.at(-1) as Stop).target.host;
    const shared = this.#connections.named(name, (giveUp) => this.#open(way, giveUp));
    shared.carries = true;
    try {
      const refused = this.#refused.get(name);
      if (refused) throw refused;
      return await shared.wait(signal);
    } catch (error) {
      if (!(error instanceof Failure) || signal.aborted) throw error;
      // A wrong key is not shown again for each of the hosts behind.
      if (neverAgain.has(error.code)) this.#refused.set(name, error);
      throw new Failure(error.code, `${host} is behind ${last}: ${error.message}`, error.details);
    }
  }

  async close(): Promise<void> {
    this.#terminal.close();
    await this.#connections.close();
  }
}
