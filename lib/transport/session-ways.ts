// The session's transports to hosts: one for each way in which steps want hosts to be reached.

import { type Hold, TerminalAsker } from "./asker.js";
import type { Channel, SshOptions, Target, Transport, Use } from "./contract.js";
import { lockOwner, sessionName } from "./lock-owner.js";
import { openDirectly } from "./open.js";
import { Spares } from "./session-spares.js";

/** Connections to hosts, each opened at its first use and shared by all steps. */
export class Ways {
  readonly #path: string;
  readonly #transports = new Map<string, Transport>();
  /** For each host that was reached: by which of them, so that --accept-new in one step opens no second one. */
  readonly #reached = new Map<string, Transport>();

  readonly #spares = new Spares();

  /** One person sits at the terminal, whatever the ways: one question after the other. */
  readonly #asker: TerminalAsker;

  /** `path`: the session's socket. `hold`: has whoever draws on the terminal leave it for a question. */
  constructor(path: string, hold?: Hold) {
    this.#path = path;
    this.#asker = new TerminalAsker(hold);
  }

  /** A transport by which scripts lock for the session. */
  forLocks(ssh: SshOptions, wait: number): Transport {
    return {
      locks: { session: sessionName(this.#path), owner: lockOwner(), wait },
      start: (target, command, signal, use) => this.start(target, ssh, command, signal, use),
      close: async () => {},
    };
  }

  async start(
    target: Target,
    ssh: SshOptions,
    command: string,
    signal: AbortSignal,
    use?: Use,
  ): Promise<Channel> {
    const { user, host, port, transport: kind } = target;
    const name = JSON.stringify([kind, user, host, port, { ...ssh, acceptNew: undefined }]);
    const transport = this.#reached.get(name) ?? this.#transport(ssh);
    const open = (giveUp: AbortSignal, as: Use) => transport.start(target, command, giveUp, as);
    const channel = await (use === "lasting"
      ? open(signal, use)
      : this.#spares.start(`${name} ${command}`, open, signal));
    this.#reached.set(name, transport);
    return channel;
  }

  #transport(ssh: SshOptions): Transport {
    const name = JSON.stringify(ssh);
    const transport = this.#transports.get(name) ?? openDirectly({ ...ssh, asker: this.#asker });
    this.#transports.set(name, transport);
    return transport;
  }

  async close(): Promise<void> {
    this.#asker.close();
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }
}
