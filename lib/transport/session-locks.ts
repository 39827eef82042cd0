// The locks that a session holds: for each virtualenv a script on its host, which ends when our heartbeats do.

import { abortable } from "../base/abort.js";
import { asFailure, Failure } from "../base/failure.js";
import { Results } from "../remote/results.js";
import type { Target, Transport } from "./contract.js";
import { runScript } from "./run-script.js";

/** A lock that is held, or being taken. */
interface Lock {
  /** Resolves when it is held. */
  taken: Promise<void>;
  lost: Failure | undefined;
}

/** Takes locks by `transport`, which scripts lock with for this session. */
export class SessionLocks {
  readonly #locks = new Map<string, Lock>();
  readonly #end = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /**
   * Resolves when the lock of the virtualenv is held, which it then is to the end. Throws Failure: locked,
   * lock-lost, and whatever a script may end with.
   */
  async take(transport: Transport, target: Target, venv: string, signal: AbortSignal): Promise<void> {
    const { host, user, port, become, transport: way } = target;
    const name = JSON.stringify([host, user, port, become, way, venv]);
    const known = this.#locks.get(name);
    if (known?.lost) throw known.lost;
    const lock = known ?? this.#begin(name, transport, target, venv);
    await abortable(lock.taken, signal);
    if (lock.lost) throw lock.lost;
  }

  #begin(name: string, transport: Transport, target: Target, venv: string): Lock {
    const results = new Results();
    let held = false;
    const lock: Lock = { taken: Promise.resolve(), lost: undefined };
    this.#locks.set(name, lock);
    lock.taken = new Promise((resolve, reject) => {
      const stdout = (chunk: Buffer) => {
        results.push(chunk);
        held ||= results.get("locked") !== undefined;
        if (held) resolve();
      };
      const args = [venv, String(transport.locks?.wait ?? 0)];
      const script = {
        parts: ["state", "lock"],
        args,
        code: "lock-failed",
        beats: true as const,
        results,
        stdout,
      };
      const task = { signal: this.#end.signal, plan: false, show: undefined };
      const running = runScript(transport, target, script, task).then(
        () => undefined,
        (error: unknown) => {
          const failure = asFailure(error);
          // What others have may be free at the next step; what we had may have been another's since.
          if (!held) this.#locks.delete(name);
          else
            lock.lost = new Failure(
              "lock-lost",
              `the lock of ${venv} on ${target.host} was lost (${failure.message}), and others may have changed it since: run all of it again`,
            );
          reject(failure);
        },
      );
      this.#running.add(running);
      running.then(() => this.#running.delete(running));
    });
    lock.taken.catch(() => {}); // whoever waits for it hears of it
    return lock;
  }

  /** Gives all of them back. */
  async close(): Promise<void> {
    this.#end.abort(new Failure("cancelled", "the session has ended"));
    await Promise.all(this.#running);
  }
}
