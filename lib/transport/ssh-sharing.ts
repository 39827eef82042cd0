// A connection that several commands use: opened once, for as long as somebody waits for it.

import { abortable } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import type { Channel, Use } from "./contract.js";
import { Full } from "./ssh-sessions.js";

/** A connection: it ends by itself, or is closed. */
export interface Closable {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** A connection that starts commands. */
export interface Startable extends Closable {
  /** Throws Failure "connection-lost" when it had gone already and the command has not begun; Full. */
  start(command: string, signal: AbortSignal, use: Use): Promise<Channel>;
}

/** Connections by their names, each opened at its first use. */
export class Connections<C extends Startable> {
  readonly #byName = new Map<string, Shared<C>>();

  /** How many are open. */
  get open(): number {
    return [...this.#byName.values()].filter(({ isOpen }) => isOpen).length;
  }

  named(name: string, open: (signal: AbortSignal) => Promise<C>): Shared<C> {
    const known = this.#byName.get(name);
    if (known) return known;
    const shared = new Shared(open, (useless) => {
      if (this.#byName.get(name) === useless) this.#byName.delete(name);
    });
    this.#byName.set(name, shared);
    return shared;
  }

  /** Starts a command on the connection of that name, or on a further one where that has no room. */
  async start(
    name: string,
    open: (signal: AbortSignal) => Promise<C>,
    command: string,
    signal: AbortSignal,
    use: Use = "passing",
  ): Promise<Channel> {
    const start = (connection: C) => connection.start(command, signal, use);
    for (let further = 0; ; further++) {
      try {
        return await this.#startOn(further === 0 ? name : `${name} ${further}`, open, start, signal);
      } catch (error) {
        if (!(error instanceof Full) || use === "spare") throw error;
      }
    }
  }

  async #startOn(
    name: string,
    open: (signal: AbortSignal) => Promise<C>,
    start: (connection: C) => Promise<Channel>,
    signal: AbortSignal,
  ): Promise<Channel> {
    const shared = this.named(name, open);
    const connection = await shared.wait(signal);
    try {
      return await start(connection);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "connection-lost") throw error;
      // It was lost while it lay idle: the command has not begun, so it may be tried on a new one.
      shared.forget();
      return await start(await this.named(name, open).wait(signal));
    }
  }

  /** Closes those that carry others after those. */
  async close(): Promise<void> {
    const all = [...this.#byName.values()];
    await Promise.all(all.filter(({ carries }) => !carries).map((shared) => shared.close()));
    await Promise.all(all.filter(({ carries }) => carries).map((shared) => shared.close()));
  }
}

/** A connection that several may wait for; it is given up when nobody waits any more. */
export class Shared<C extends Closable> {
  readonly #giveUp = new AbortController();
  readonly opened: Promise<C>;
  readonly forget: () => void;
  /** Whether other connections go through it, so that it is closed after them. */
  carries = false;
  #waiting = 0;
  #open = false;

  /** `forget` is called when the connection is of no use any more. */
  constructor(open: (signal: AbortSignal) => Promise<C>, forget: (shared: Shared<C>) => void) {
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

  get isOpen(): boolean {
    return this.#open;
  }

  async wait(signal: AbortSignal): Promise<C> {
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
