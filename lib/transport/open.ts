// Which transport: the record says "ssh" or "local"; the rest is decided here, unseen by the steps.

import { resolve } from "node:path";
import { Failure } from "../base/failure.js";
import type { Place } from "../base/gate.js";
import { keepHeapSmall } from "../base/small-heap.js";
import type { LockOwner } from "../remote/compose.js";
import type { Channel, SshOptions, Target, Transport, Use } from "./contract.js";
import { lockOwner, sessionName } from "./lock-owner.js";
import type { SessionTransport } from "./session-client.js";

class Transports implements Transport {
  readonly #options: SshOptions;
  readonly locks: LockOwner;
  #local: Promise<Transport> | undefined;
  #ssh: Promise<Transport> | undefined;

  constructor(options: SshOptions, wait: number, session?: string) {
    this.#options = options;
    this.locks = { session, owner: lockOwner(), wait };
  }

  async start(target: Target, command: string, signal: AbortSignal, use?: Use): Promise<Channel> {
    // Each kind is loaded when a host wants it: ssh2 above all takes its time.
    if (target.transport === "local") {
      this.#local ??= import("./local.js").then(({ LocalTransport }) => new LocalTransport());
      return (await this.#local).start(target, command, signal);
    }
    if (target.host === undefined) throw new Failure("bad-argument", "the record names no host");
    this.#ssh ??= this.openSsh(this.#options);
    const ssh = await this.#ssh;
    keepHeapSmall(target.batch?.size ?? 1);
    return ssh.start(target, command, signal, use);
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
  readonly #open: () => Promise<SessionTransport>;
  #session: Promise<SessionTransport> | undefined;

  constructor(options: SshOptions, wait: number, path: string) {
    super(options, wait, sessionName(path));
    this.#open = async () => {
      const { SessionTransport } = await import("./session-client.js");
      return new SessionTransport(path, options);
    };
  }

  protected override openSsh(): Promise<SessionTransport> {
    this.#session ??= this.#open();
    return this.#session;
  }

  async place(signal: AbortSignal): Promise<Place> {
    return (await this.openSsh()).place(signal);
  }

  async lock(target: Target, venv: string, signal: AbortSignal): Promise<void> {
    await (await this.openSsh()).lockWithin(this.locks.wait, target, venv, signal);
  }

  override async close(): Promise<void> {
    await (await this.#session)?.close();
  }
}

/** A transport of every kind, with connections of its own. */
export function openDirectly(options: SshOptions, wait = 0): Transport {
  return new Transports(options, wait);
}

/**
 * A transport for the hosts of records, of every kind; close it when the last record is done. `wait`: seconds for a
 * lock that another run has. `session`: the socket of the es-session that we run in.
 */
export function openTransport(
  options: SshOptions,
  { wait = 0, session = process.env.ESSAY_SESSION }: { wait?: number; session?: string | undefined } = {},
): Transport {
  if (session === undefined || session === "") return openDirectly(options, wait);
  // The session may have begun in another directory.
  const { config } = options;
  const whole = { ...options, config: config === undefined ? undefined : resolve(config) };
  return new SessionTransports(whole, wait, session);
}
