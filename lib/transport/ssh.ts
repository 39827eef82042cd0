// The transport by ssh2: one connection for each user, host and port, opened at its first use.

import { Failure } from "../base/failure.js";
import { Gate } from "../base/gate.js";
import { TerminalAsker } from "./asker.js";
import type { Channel, SshOptions, Target, Transport, Use } from "./contract.js";
import { Room } from "./descriptors.js";
import { KnownHostsFiles } from "./known-hosts.js";
import { connect, type Surroundings } from "./ssh-connect.js";
import { Connection } from "./ssh-connection.js";
import { Identities } from "./ssh-identities.js";
import { nameOf, Routes, type Stop } from "./ssh-route.js";
import { SshSettingsReader } from "./ssh-settings.js";
import { Connections } from "./ssh-sharing.js";

/**
 * Connections before authentication. sshd begins to drop them when it has ten (MaxStartups); hosts have one each,
 * and where several names lead to one sshd, those that it dropped come again a few at a time.
 */
const connectionsUnderWay = { atFirst: 30, again: 5 };

/** What trying again would not mend, and might be held against us. */
const neverAgain = new Set(["auth-failed", "host-key-unknown", "host-key-changed", "host-key-revoked"]);

/** Runs commands on hosts by ssh, with ssh's own settings. */
export class SshTransport implements Transport {
  readonly #routes: Routes;
  readonly #terminal = new TerminalAsker();
  readonly #around: Surroundings;
  readonly #connections = new Connections<Connection>();
  readonly #room = new Room(1);
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

  start(target: Target, command: string, signal: AbortSignal, use?: Use): Promise<Channel> {
    const open = async (giveUp: AbortSignal) => {
      const route = await this.#routes.to(target, giveUp);
      // What goes through another host takes no descriptor.
      if (route.length === 1) this.#room.check(target, this.#connections);
      return this.#open(route, giveUp);
    };
    return this.#connections.start(nameOf(target), open, command, signal, use);
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
    try {
      const refused = this.#refused.get(name);
      if (refused) throw refused;
      const shared = this.#connections.named(name, (giveUp) => this.#open(way, giveUp));
      shared.carries = true;
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
