// Which transport: the record says "ssh" or "local"; the rest is decided here, unseen by the steps.

import { resolve } from "node:path";
import { Failure } from "../base/failure.js";
import type { Channel, SshOptions, Target, Transport } from "./contract.js";
import { SessionTransport } from "./session-client.js";

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
    this.#ssh ??= this.openSsh(this.#options);
    return (await this.#ssh).start(target, command, signal);
  }

  protected async openSsh(options: SshOptions): Promise<Transport> {
    if (options.openssh) {
      const { OpensshTransport } = await import("./openssh.js");
      return new OpensshTransport(options);
    }
    const { SshTransport } = await import("./ssh.js");
    return new SshTransport(options);
  }

  async close(): Promise<void> {
    await (await this.#ssh)?.close();
  }
}

/** Inside es-session: what is not on this machine is reached through it. */
class SessionTransports extends Transports {
  readonly #session: SessionTransport;

  constructor(options: SshOptions, session: SessionTransport) {
    super(options);
    this.#session = session;
  }

  protected override async openSsh(): Promise<Transport> {
    return this.#session;
  }

  place(signal: AbortSignal) {
    return this.#session.place(signal);
  }

  override async close(): Promise<void> {
    await this.#session.close();
  }
}

/** A transport of every kind, with connections of its own. */
export function openDirectly(options: SshOptions): Transport {
  return new Transports(options);
}

/**
 * A transport for the hosts of records, of every kind; close it when the last record is done. `session`: the
 * socket of the es-session that we run in.
 */
export function openTransport(options: SshOptions, session = process.env.ESSAY_SESSION): Transport {
  if (session === undefined || session === "") return openDirectly(options);
  // The session may have begun in another directory.
  const { config } = options;
  const whole = { ...options, config: config === undefined ? undefined : resolve(config) };
  return new SessionTransports(whole, new SessionTransport(session, whole));
}
