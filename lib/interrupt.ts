// SIGINT, SIGTERM and SIGHUP: the first one asks the work to end, the second one ends the program at once.

import { Failure } from "./base/failure.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Listens for signals from its making on, until `release`. */
export class Interrupt {
  readonly #controller = new AbortController();
  /** The first signal that came. */
  received: NodeJS.Signals | undefined;

  constructor() {
    for (const name of signals) process.on(name, this.#onSignal);
  }

  /** Aborted, with a Failure of code "cancelled" as its reason, when a signal has come. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #onSignal = (name: NodeJS.Signals) => {
    if (this.received) {
      this.raiseAgain();
      return;
    }
    this.received = name;
    this.#controller.abort(new Failure("cancelled", `cancelled by ${name}`));
  };

  /** Gives the signals back to the system. */
  release(): void {
    for (const name of signals) process.off(name, this.#onSignal);
  }

  /**
   * Ends the process by the signal that it received, so that a shell sees a death by signal and stops its
   * script: after an exit with status 130 it would go on with the next line.
   */
  raiseAgain(): void {
    this.release();
    if (this.received) process.kill(process.pid, this.received);
  }
}
