// Asking a person for passphrases and passwords: one question after the other, however many hosts have one.

import { Gate } from "../base/gate.js";
import { ask, hasTerminal } from "../base/terminal.js";

/** Resolves, when nobody else draws on the terminal any more, to what allows it again. */
export type Hold = () => Promise<() => void>;

/** What asks a person. */
export interface Asker {
  /** Whether there is anybody to ask. */
  readonly isThere: boolean;
  /** Whether a question waits for its answer. */
  readonly isAsking: boolean;
  /** Resolves to the answer, or to undefined where none is given. Without `echo` the answer is not shown. */
  ask(question: string, echo: boolean): Promise<string | undefined>;
  /** For questions that another program asks; undefined where nobody draws. */
  readonly hold?: Hold;
}

/** Asks the person at the terminal. */
export class TerminalAsker implements Asker {
  readonly #gate = new Gate(1);
  readonly #closed = new AbortController();
  #there: boolean | undefined;
  #waiting = 0;
  readonly hold: Hold;

  /** `hold`: called before each question; what it resolves to, after it. */
  constructor(hold: Hold = async () => () => {}) {
    this.hold = hold;
  }

  get isThere(): boolean {
    this.#there ??= hasTerminal();
    return this.#there && !this.#closed.signal.aborted;
  }

  get isAsking(): boolean {
    return this.#waiting > 0;
  }

  async ask(question: string, echo: boolean): Promise<string | undefined> {
    const { signal } = this.#closed;
    this.#waiting++;
    const place = await this.#gate.enter();
    const release = await this.hold();
    try {
      return await ask(question, { hidden: !echo, signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      release();
      this.#waiting--;
      place.leave();
    }
  }

  /** Takes back what is being asked, and asks nothing more. */
  close(): void {
    this.#closed.abort(new Error("nothing is asked any more"));
  }
}
