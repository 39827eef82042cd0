// The transport by ssh2: one connection for each user, host and port, opened at its first use.

import type { Client, ClientChannel, ExecOptions } from "ssh2";
import { abortable, pause } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import { Gate, type Place } from "../base/gate.js";
import type { Channel, Ended, SshOptions, Target, Transport } from "./contract.js";
import { KnownHostsFiles } from "./known-hosts.js";
import { Identities } from "./ssh-auth.js";
import { connect } from "./ssh-connect.js";
import { type SshSettings, SshSettingsReader } from "./ssh-settings.js";

/** sshd begins to drop connections before authentication when there are ten (MaxStartups). */
const connectionsUnderWay = 10;
/** As many sessions as sshd allows in a connection (MaxSessions). */
const sessionsAtOnce = 10;
const settingsReadAtOnce = 4;

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

/** A connection that several may wait for; it is given up when nobody waits any more. */
class Shared {
  readonly #giveUp = new AbortController();
  readonly opened: Promise<Connection>;
  readonly forget: () => void;
  #waiting = 0;
  #open = false;

  /** `forget` is called when the connection is of no use any more. */
  constructor(open: (signal: AbortSignal) => Promise<Connection>, forget: (shared: Shared) => void) {
    this.forget = () => forget(this);
    this.opened = open(this.#giveUp.signal);
    this.opened
      .then((connection) => {
        this.#open = true;
        if (this.#giveUp.signal.aborted) return connection.close();
        return connection.closed;
      })
      .then(this.forget, this.forget);
  }

  async wait(signal: AbortSignal): Promise<Connection> {
    this.#waiting++;
    try {
      return await abortable(this.opened, signal);
    } finally {
      if (--this.#waiting === 0 && !this.#open) {
        this.forget();
        this.#giveUp.abort(signal.reason);
      }
    }
  }

  async close(): Promise<void> {
    if (!this.#open) this.#giveUp.abort(new Failure("cancelled", "the connection was not needed any more"));
    await this.opened.then(
      (connection) => connection.close(),
      () => {},
    );
  }
}

/** Runs commands on hosts by ssh, with ssh's own settings. */
export class SshTransport implements Transport {
  readonly #reader: SshSettingsReader;
  readonly #reading = new Gate(settingsReadAtOnce);
  readonly #around = {
    knownHosts: new KnownHostsFiles(),
    identities: new Identities(),
    gate: new Gate(connectionsUnderWay),
  };
  readonly #connections = new Map<string, Shared>();

  constructor({ config, acceptNew }: SshOptions) {
    this.#reader = new SshSettingsReader(config, acceptNew);
  }

  async start(target: Target, command: string, signal: AbortSignal): Promise<Channel> {
    const shared = this.#shared(target);
    const connection = await shared.wait(signal);
    try {
      return await connection.start(command, signal);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "connection-lost") throw error;
      // It was lost while it lay idle: the command has not begun, so it may be tried on a new one.
      shared.forget();
      return await (await this.#shared(target).wait(signal)).start(command, signal);
    }
  }

  #shared(target: Target): Shared {
    const name = JSON.stringify([target.user, target.host, target.port]);
    const known = this.#connections.get(name);
    if (known) return known;
    const shared = new Shared(
      (signal) => this.#open(target, signal),
      (useless) => {
        if (this.#connections.get(name) === useless) this.#connections.delete(name);
      },
    );
    this.#connections.set(name, shared);
    return shared;
  }

  async #open(target: Target, signal: AbortSignal): Promise<Connection> {
    const { host = "" } = target;
    const place = await this.#reading.enter(signal);
    const settings = await this.#reader.settingsFor(target).finally(place.leave);
    return new Connection(host, await connect(host, settings, this.#around, signal), settings);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((shared) => shared.close()));
  }
}
