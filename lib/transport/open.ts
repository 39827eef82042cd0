// Which transport: the record says "ssh" or "local"; the rest is decided here, unseen by the steps.

import { Failure } from "../base/failure.js";
import type { Channel, SshOptions, Target, Transport } from "./contract.js";
import { LocalTransport } from "./local.js";

class Transports implements Transport {
  readonly #options: SshOptions;
  readonly #local = new LocalTransport();
  #ssh: Promise<Transport> | undefined;

  constructor(options: SshOptions) {
    this.#options = options;
  }

  async start(target: Target, command: string, signal: AbortSignal): Promise<Channel> {
    if (target.transport === "local") return this.#local.start(target, command);
    if (target.host === undefined) throw new Failure("bad-argument", "the record names no host");
    // ssh2 is slow to load: only when a host wants it.
    this.#ssh ??= import("./ssh.js").then(({ SshTransport }) => new SshTransport(this.#options));
    return (await this.#ssh).start(target, command, signal);
  }

  async close(): Promise<void> {
    await (await this.#ssh)?.close();
  }
}

/** A transport for the hosts of records, of every kind; close it when the last record is done. */
export function openTransport(options: SshOptions): Transport {
  return new Transports(options);
}
