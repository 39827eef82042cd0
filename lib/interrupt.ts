// SIGINT, SIGTERM and SIGHUP: the first one asks the work to end, the second one ends the program at once.

import { setMaxListeners } from "node:events";
import { milliseconds } from "./base/clock.js";
import { Failure } from "./base/failure.js";
import { hasTerminal } from "./base/terminal.js";

/**
 * Milliseconds within which a further signal is the first one over again: a terminal or a service manager
 * signals a whole group, and whoever started us may pass the signal on.
 */
const sameSignal = 500;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Listens for signals from its making on, until `release`. */
export class Interrupt {
  readonly #controller = new AbortController();
  /** The first signal that came. */
  received: NodeJS.Signals | undefined;
  #at = 0;

  constructor() {
    // Each host that is worked on, or waits for its turn, listens.
    setMaxListeners(0, this.signal);
    for (const name of signals) process.on(name, this.#onSignal);
  }

  /** Aborted, with a Failure of code "cancelled" as its reason, when a signal has come. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #onSignal = (name: NodeJS.Signals) => {
    if (this.received) {
      if (milliseconds() - this.#at > sameSignal) this.raiseAgain();
      return;
    }
    this.received = name;
    this.#at = milliseconds();
    this.#controller.abort(new Failure("cancelled", `cancelled by ${name}`));
  };

  /**
   * Calls `pass` when a signal comes that our children have not had from the keyboard. Returns a function that
   * ends this.
   */
  passOn(pass: (name: NodeJS.Signals) => void): () => void {
    const listener = () => {
      // From the keyboard, a signal reaches all processes of the terminal: our children have it without us.
      if (this.received && (this.received === "SIGTERM" || !hasTerminal())) pass(this.received);
    };
    this.signal.addEventListener("abort", listener);
    return () => this.signal.removeEventListener("abort", listener);
  }

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
