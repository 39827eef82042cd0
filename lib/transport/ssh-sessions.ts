// How many commands run at once in one connection: no more than sshd allows (MaxSessions in sshd_config(5)), which
// only its refusals tell.

import { pause } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import { Gate } from "../base/gate.js";

/** The host opens no further session in this connection, at least for now. */
export class NoRoom extends Failure {}

/** Milliseconds before the next tries: sshd counts a session for a while after its end, too. */
const pauses = [50, 100, 200, 400, 800];

/** The sessions of one connection. */
export class Sessions {
  readonly #gate: Gate;
  #held = 0;

  /** `most`: as many as sshd allows by default. */
  constructor(most: number) {
    this.#gate = new Gate(most);
  }

  /**
   * Opens a session when it is its turn. `open` is given what it must call when the session has ended, and throws
   * NoRoom where the host refuses it; then it waits for another one's end. Throws what `open` throws; NoRoom only
   * where there is no other session; the abort's reason.
   */
  async start<T>(open: (leave: () => void) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const place = await this.#gate.enter(signal);
      this.#held++;
      let held = true;
      const give = (back: () => void) => {
        if (held) this.#held--;
        held = false;
        back();
      };
      try {
        return await this.#patiently(() => open(() => give(place.leave)), signal);
      } catch (error) {
        const isFull = error instanceof NoRoom && this.#held > 1;
        give(isFull ? place.forfeit : place.leave);
        if (!isFull) throw error;
      }
    }
  }

  async #patiently<T>(open: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (const ms of pauses) {
      try {
        return await open();
      } catch (error) {
        if (!(error instanceof NoRoom)) throw error;
      }
      await pause(ms, signal);
    }
    return open();
  }
}
