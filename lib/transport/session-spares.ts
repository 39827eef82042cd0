// Shells that wait on far hosts for the script of the next step. To open a session and to start a command in it takes
// two round trips before the script can be sent; a shell that waits already has taken them while a step before ran.

import { abortable } from "../base/abort.js";
import type { Channel, Use } from "./contract.js";

/** A host is far when a command takes longer to begin than so many milliseconds: two round trips. */
const far = 60;

/** So many wait on a host: a script takes at least one round trip, and the next shell two. */
const atOnce = 2;

/** Milliseconds that a shell waits: of a connection that was quiet for long, nobody knows whether it is still there. */
const patience = 5000;

/** Opens a channel to a host. */
type Open = (signal: AbortSignal, use: Use) => Promise<Channel>;

interface Spare {
  opening: Promise<Channel>;
  drop(): void;
}

/** The channel of a spare; undefined when it could not be opened. Rejects with the reason of the abort. */
async function claimed(spare: Spare, signal: AbortSignal): Promise<Channel | undefined> {
  try {
    return await abortable(spare.opening, signal);
  } catch {
    spare.drop();
    signal.throwIfAborted();
    return undefined;
  }
}

/** The waiting shells of a session. */
export class Spares {
  readonly #byName = new Map<string, Spare[]>();
  /** Where one could not be opened: there is no room for those who wait. */
  readonly #none = new Set<string>();
  readonly #patience: number;

  constructor(ms = patience) {
    this.#patience = ms;
  }

  /**
   * A channel: a shell that waits under that name, or what `open` opens. Where the host is far, others are opened for
   * those who come next, and dropped when nobody does. Whoever closes the connections ends those that still wait.
   * Rejects with what `open` throws, and with the reason of the abort.
   */
  async start(name: string, open: Open, signal: AbortSignal): Promise<Channel> {
    const spare = this.#byName.get(name)?.shift();
    if (spare) this.#fill(name, open);
    const channel = (spare && (await claimed(spare, signal))) ?? (await open(signal, "passing"));
    if (!spare && (channel.delay ?? 0) > far) this.#fill(name, open);
    return channel;
  }

  #fill(name: string, open: Open): void {
    const waiting = this.#byName.get(name) ?? [];
    this.#byName.set(name, waiting);
    while (waiting.length < atOnce && !this.#none.has(name)) {
      const cancel = new AbortController();
      const opening = open(cancel.signal, "spare");
      const spare = {
        opening,
        drop: () => {
          cancel.abort();
          opening.then((channel) => channel.destroy()).catch(() => {});
        },
      };
      waiting.push(spare);
      opening.catch(() => this.#none.add(name));
      this.#watch(waiting, spare);
    }
  }

  /** Takes it away when it could not be opened, when it has ended, and when nobody has come for it. */
  async #watch(waiting: Spare[], spare: Spare): Promise<void> {
    const timer = setTimeout(() => away(), this.#patience).unref();
    const away = () => {
      clearTimeout(timer);
      const place = waiting.indexOf(spare);
      if (place < 0) return; // in use
      waiting.splice(place, 1);
      spare.drop();
    };
    await spare.opening.then(({ ended }) => ended).then(away, away);
  }
}
