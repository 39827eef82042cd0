// How many commands run at once in one connection: no more than sshd allows (MaxSessions in sshd_config(5)), which
// only its refusals tell.

import { pause } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import { Gate, type Place } from "../base/gate.js";
import type { Use } from "./contract.js";

/** The host opens no further session in this connection, at least for now. */
export class NoRoom extends Failure {}

/** To wait for room in this connection would be in vain; another connection to the host may have it. */
export class Full extends Failure {
  constructor() {
    super("exec-failed", "the connection has no room for another session");
  }
}

/** Lasting sessions in one connection: the others are left to those that pass. */
const lastingAtMost = 4;

/** Milliseconds before the next tries: sshd counts a session for a while after its end, too. */
const pauses = [50, 100, 200, 400, 800];

/** The sessions of one connection. */
export class Sessions {
  readonly #gate: Gate;
  #most: number;
  /** Those that are open or being opened. */
  readonly #held = { passing: 0, lasting: 0, spare: 0 };
  /** Those of the passing ones that are open: their places. */
  readonly #open = new Set<Place>();
  /** Beside those that last, there is room for none. */
  #full = false;

  /** `most`: as many as sshd allows by default. */
  constructor(most: number) {
    this.#most = most;
    this.#gate = new Gate(most);
  }

  /**
   * Opens a session. One that passes has its turn, and where the host refuses it, it waits for the end of another
   * one. One that lasts waits for none, nor does a spare one. `open` is given what it must call when the session has
   * ended, and throws NoRoom where the host refuses it. Throws what `open` throws; NoRoom only where there is no other
   * session; Full; the abort's reason.
   */
  async start<T>(
    open: (leave: () => void) => Promise<T>,
    signal: AbortSignal,
    use: Use = "passing",
  ): Promise<T> {
    for (;;) {
      const place = use === "passing" ? await this.#turn(signal) : this.#placeAtOnce(use);
      this.#held[use]++;
      let held = true;
      const give = (back: () => void) => {
        if (held) this.#held[use]--;
        held = false;
        this.#open.delete(place);
        back();
      };
      try {
        const opening = () => open(() => give(place.leave));
        const opened = await (use === "spare" ? opening() : this.#patiently(opening, signal));
        if (held && use === "passing") this.#open.add(place);
        return opened;
      } catch (error) {
        const waits = error instanceof NoRoom && use === "passing" && this.#mayWait();
        if (waits) this.#most--;
        give(waits ? place.forfeit : place.leave);
        if (waits) continue;
        const { passing, lasting, spare } = this.#held;
        if (!(error instanceof NoRoom) || passing + lasting + spare === 0) throw error;
        if (use === "passing") this.#full = true;
        throw new Full();
      }
    }
  }

  /** Whether others that pass have the room: they are open, or may be so without our having heard of it. */
  #mayWait(): boolean {
    return this.#open.size > 0 || (this.#held.passing > 1 && this.#held.lasting === 0);
  }

  async #turn(signal: AbortSignal): Promise<Place> {
    // The end of those that last would be waited for in vain.
    if (this.#full || this.#most <= this.#held.lasting) throw new Full();
    return this.#gate.enter(signal);
  }

  #placeAtOnce(use: "lasting" | "spare"): Place {
    const tooMany = use === "lasting" && this.#held.lasting >= lastingAtMost;
    const place = tooMany ? undefined : this.#gate.tryEnter();
    if (!place) throw new Full();
    return place;
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
