// An open connection of ssh2: it starts commands, and carries connections to hosts behind.

import type { Duplex } from "node:stream";
import type { Client, ClientChannel, ExecOptions } from "ssh2";
import { abortable, settledWithin } from "../base/abort.js";
import { milliseconds } from "../base/clock.js";
import { Failure } from "../base/failure.js";
import type { Channel, Ended, Use } from "./contract.js";
import { NoRoom, Sessions } from "./ssh-sessions.js";
import type { SshSettings } from "./ssh-settings.js";

/** As many sessions as sshd allows in a connection (MaxSessions). */
const sessionsAtOnce = 10;

/** Milliseconds for saying good-bye. */
const farewell = 1000;

/** A connection that is open. */
export class Connection {
  readonly #host: string;
  readonly #client: Client;
  readonly #settings: SshSettings;
  readonly #sessions = new Sessions(sessionsAtOnce);
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
  start(command: string, signal: AbortSignal, use?: Use): Promise<Channel> {
    const open = (leave: () => void) => {
      const opening = this.#session(command, leave);
      // Too late to be told: what it started ends as its stdin does.
      opening.then((channel) => signal.aborted && channel.destroy()).catch(() => {});
      return abortable(opening, signal);
    };
    return this.#sessions.start(open, signal, use);
  }

  async #session(command: string, leave: () => void): Promise<Channel> {
    const env = this.#settings.environment;
    if (this.#forwardAgent) {
      try {
        return await this.#execute(command, { env, agentForward: true } as ExecOptions, leave);
      } catch (error) {
        if (!(error instanceof Failure) || !error.message.endsWith("agent forwarding")) throw error;
        // As ssh does: a host that forbids forwarding runs the command without it.
        this.#forwardAgent = false;
      }
    }
    return await this.#execute(command, { env }, leave);
  }

  #execute(command: string, options: ExecOptions, leave: () => void): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const lose = () => reject(this.#lost("before the command began"));
      this.#open.add(lose);
      const asked = milliseconds();
      const begun = (error: (Error & { reason?: unknown }) | undefined, stream: ClientChannel) => {
        this.#open.delete(lose);
        if (!error) return resolve({ ...this.#channel(stream, leave), delay: milliseconds() - asked });
        // A reason is what a refused channel has (RFC 4254 section 5.1).
        const why = `${this.#host} starts no command: ${error.message}`;
        if (error.reason === undefined) reject(new Failure("exec-failed", why));
        else reject(new NoRoom("exec-failed", `${why}; see MaxSessions in its sshd_config`));
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
  #channel(stream: ClientChannel, leave: () => void): Channel {
    const ended = new Promise<Ended>((resolve, reject) => {
      this.#open.add(reject);
      stream.once("exit", (status: number | null, signal?: string) =>
        resolve({ status, signal: signal?.replace(/^SIG/, "") ?? null }),
      );
      stream.once("close", () => {
        this.#open.delete(reject);
        leave();
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
    await settledWithin(farewell, this.closed);
    this.#client.destroy();
  }
}
