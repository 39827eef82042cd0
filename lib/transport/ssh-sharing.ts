// A connection that several commands use: opened once, for as long as somebody waits for it.

import { abortable } from "../base/abort.js";
import { Failure } from "../base/failure.js";

/** A connection: it ends by itself, or is closed. */
export interface Closable {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
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
