// Which transport: the record says "ssh" or "local"; the rest is decided here, unseen by the steps.

import { Failure } from "../base/failure.js";
import type { Channel, SshOptions, Target, Transport } from "./contract.js";

class Transports implements Transport {
  readonly #options: SshOptions;
  #local: Promise<Transport> | undefined;
  #ssh: Promise<Transport> | undefined;

  constructor(options: SshOptions) {
    this.#options = options;
  }

  async start(target: Target, command: string, signal: AbortSignal): Promise<Channel> {
    // Each kind is loaded when a host wants it: ssh2 above all takes its time.
    if (target.transport === "local") {
      this.#local ??= import("./local.js").then(({ LocalTransport }) => new LocalTransport());
      return (await this.#local).start(target, command, signal);
    }
    if (target.host === undefined) throw new Failure("bad-argument", "the record names no host");
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
