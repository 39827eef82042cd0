// The locks that a session holds: for each virtualenv a script on its host, which ends when we do.
//
// Sessions that hold some locks and wait for others must not wait for each other in a ring. So one that holds
// none yet takes its first lock before it asks for others, and waits for whoever has it; one that holds locks
// waits only for sessions that began after it. See lock.sh for how it knows.

import { abortable } from "../base/abort.js";
import { milliseconds } from "../base/clock.js";
import { Failure } from "../base/failure.js";
import type { Target, Transport } from "./contract.js";
import { hold } from "./hold.js";

/** A lock that is held, or being taken. */
interface Lock {
  /** Resolves when it is held. */
  taken: Promise<void>;
  held: boolean;
  /** Why it is held no more. */
  lost: Failure | undefined;
  /** How many steps wait for it. */
  waiting: number;
  /** Aborted when nobody waits for it any more before it is held. */
  readonly giveUp: AbortController;
}

/** Which virtualenv, and how to get there: scripts lock for this session by `transport`. */
interface Wanted {
  transport: Transport;
  target: Target;
  venv: string;
}

/** Takes locks and holds them. */
export class SessionLocks {
  readonly #locks = new Map<string, Lock>();
  readonly #end = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** No two sessions have the same; that of an earlier one comes before that of a later one. */
  readonly #rank: string;
  #holdsSome = false;
  /** Settles when it is known whether we have our first lock; undefined when none is being taken. */
  #first: Promise<void> | undefined;

  /** `session`: its name. */
  constructor(session: string) {
    this.#rank = `${Date.now()} ${session}`;
  }

  /**
   * Resolves when the lock of the virtualenv is held, which it then is to the end. Throws Failure: locked,
   * lock-lost, and whatever a script may end with.
   */
  async take(transport: Transport, target: Target, venv: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { host, user, port, become, transport: way } = target;
    const name = JSON.stringify([host, user, port, become, way, venv]);
    const lock = this.#locks.get(name) ?? this.#begin(name, { transport, target, venv });
    lock.waiting++;
    try {
      await abortable(lock.taken, signal);
    } finally {
      lock.waiting--;
      if (lock.waiting === 0 && !lock.held) {
        this.#forget(name, lock);
        lock.giveUp.abort(new Failure("cancelled", "nobody waits for the lock any more"));
      }
    }
    if (lock.lost) throw lock.lost;
  }

  #begin(name: string, wanted: Wanted): Lock {
    const giveUp = new AbortController();
    const lock: Lock = { taken: Promise.resolve(), held: false, lost: undefined, waiting: 0, giveUp };
    this.#locks.set(name, lock);
    lock.taken = this.#inTurn(wanted, giveUp.signal, (seconds) => this.#hold(lock, wanted, seconds));
    // What others have may be free at the next step. (Whoever waits for it hears of it.)
    lock.taken.catch(() => this.#forget(name, lock));
    return lock;
  }

  #forget(name: string, lock: Lock): void {
    if (this.#locks.get(name) === lock) this.#locks.delete(name);
  }

  /** Calls `take` when no other lock is being taken as our first one, with the seconds that are left for waiting. */
  async #inTurn(
    { transport }: Wanted,
    signal: AbortSignal,
    take: (seconds: number) => Promise<void>,
  ): Promise<void> {
    const began = milliseconds();
    const seconds = transport.locks?.wait ?? 0;
    // Who waits for nobody is in no ring.
    if (seconds === 0) return take(0);
    while (this.#first && !this.#holdsSome) await abortable(this.#first, signal);
    const taken = take(Math.max(0, Math.round(seconds - (milliseconds() - began) / 1000)));
    if (!this.#holdsSome) {
      const settled = taken.catch(() => {});
      this.#first = settled.then(() => {
        this.#first = undefined;
      });
    }
    return taken;
  }

  /** Resolves when the lock is held, which goes on until we end; `lock.lost` tells of another end. */
  #hold(lock: Lock, { transport, target, venv }: Wanted, seconds: number): Promise<void> {
    const signal = AbortSignal.any([this.#end.signal, lock.giveUp.signal]);
    const script = {
      parts: ["state", "hold", "lock"],
      args: [venv, String(seconds), this.#rank, this.#holdsSome ? "1" : "0"],
      code: "lock-failed",
    };
    return new Promise((resolve, reject) => {
      const held = () => {
        lock.held = true;
        this.#holdsSome = true;
        resolve();
      };
      const over = hold(transport, target, script, signal, held).then((failure) => {
        // What we had may have been another's since.
        if (lock.held)
          lock.lost = new Failure(
            "lock-lost",
            `the lock of ${venv} on ${target.host} was lost (${failure.message}), and others may have changed it since: run all of it again`,
          );
        else reject(failure);
        this.#running.delete(over);
      });
      this.#running.add(over);
    });
  }

  /** Gives all of them back. */
  async close(): Promise<void> {
    this.#end.abort(new Failure("cancelled", "the session has ended"));
    await Promise.all(this.#running);
  }
}
