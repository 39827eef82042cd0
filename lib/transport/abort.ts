// Waiting that an abort ends.

import { setTimeout as timer } from "node:timers/promises";

/** Settles as `promise` does, or rejects with the abort's reason as soon as it comes. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Waits `ms` milliseconds; rejects with the abort's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await timer(ms, undefined, { signal }).catch(() => {});
  signal.throwIfAborted();
}

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

  /** Resolves, when there is room, to a place. */
  async enter(signal: AbortSignal): Promise<Place> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      let enter = () => {};
      const turn = new Promise<void>((resolve) => {
        enter = resolve;
      });
      this.#waiting.push(enter);
      try {
        await abortable(turn, signal);
      } catch (error) {
        const place = this.#waiting.indexOf(enter);
        if (place >= 0) this.#waiting.splice(place, 1);
        else this.#leave(); // our turn came together with the abort
        throw error;
      }
    }
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
