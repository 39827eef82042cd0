// Bounded concurrency.

import { abortable } from "./abort.js";

/** A place that a Gate has given. */
export interface Place {
  /** Gives it back; once is enough, twice does no harm. */
  leave(): void;
  /** Gives it up for ever: there was less room than thought. */
  forfeit(): void;
}

/** At most `size` at once; the others wait in their order. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves, when there is room, to a place; rejects with the abort's reason. */
  async enter(signal?: AbortSignal): Promise<Place> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      let enter = () => {};
      const turn = new Promise<void>((resolve) => {
        enter = resolve;
      });
      this.#waiting.push(enter);
      try {
        await (signal ? abortable(turn, signal) : turn);
      } catch (error) {
        const place = this.#waiting.indexOf(enter);
        if (place >= 0) this.#waiting.splice(place, 1);
        else this.#leave(); // our turn came together with the abort
        throw error;
      }
    }
    return this.#place();
  }

  /** A place, where one is free. */
  tryEnter(): Place | undefined {
    if (this.#free === 0) return undefined;
    this.#free--;
    return this.#place();
  }

  #place(): Place {
    let held = true;
    return {
      leave: () => {
        if (held) this.#leave();
        held = false;
      },
      forfeit: () => {
        held = false;
      },
    };
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
