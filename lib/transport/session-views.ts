// Those who show on a terminal what the steps of a session do, and those who want that terminal for themselves.

import { type Frame, kind, type Link, ProtocolError } from "./session-protocol.js";
import type { Served } from "./session-served.js";

/** Somebody who is told the events of all steps. */
class Watch implements Served {
  readonly #link: Link;
  readonly #number: number;
  readonly #forget: () => void;
  /** Who waits for the word that nothing is drawn any more; one for each hold that was asked for. */
  readonly #waiting: (() => void)[] = [];

  constructor(link: Link, number: number, forget: () => void) {
    this.#link = link;
    this.#number = number;
    this.#forget = forget;
  }

  tell(event: Buffer): void {
    this.#link.send(kind.event, this.#number, event);
  }

  /** Resolves when it draws no more, or has gone. */
  hold(): Promise<void> {
    this.#link.send(kind.hold, this.#number);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  resume(): void {
    this.#link.send(kind.resume, this.#number);
  }

  take(frame: Frame): void {
    if (frame.kind === kind.hold) this.#waiting.shift()?.();
    else if (frame.kind === kind.drop) this.#leave();
    else throw new ProtocolError(`kind ${frame.kind} of a watch`);
  }

  #leave(): void {
    this.#forget();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async abandon(): Promise<void> {
    this.#leave();
  }
}

/** A step's wish that nobody else draws, until it drops it. */
class Hold implements Served {
  readonly #forget: () => void;
  #release: Promise<() => void> | undefined;

  constructor(forget: () => void) {
    this.#forget = forget;
  }

  async serve(views: Views, link: Link, number: number): Promise<void> {
    this.#release = views.hold();
    await this.#release;
    link.send(kind.done, number);
  }

  take(frame: Frame): void {
    if (frame.kind !== kind.drop) throw new ProtocolError(`kind ${frame.kind} of a hold`);
    this.abandon();
  }

  async abandon(): Promise<void> {
    this.#forget();
    (await this.#release)?.();
  }
}

export class Views {
  readonly #watches = new Set<Watch>();
  #holds = 0;
  #quiet: Promise<unknown> = Promise.resolve();

  /** Passes an event of a step on, as it came. */
  tell(event: Buffer): void {
    for (const watch of this.#watches) watch.tell(event);
  }

  /** A watch that a step has asked for. */
  watch(link: Link, number: number, forget: () => void): Served {
    const watch: Watch = new Watch(link, number, () => {
      forget();
      this.#watches.delete(watch);
    });
    this.#watches.add(watch);
    link.send(kind.done, number);
    if (this.#holds > 0) watch.hold();
    return watch;
  }

  /** A hold that a step has asked for. */
  holdFor(link: Link, number: number, forget: () => void): Served {
    const hold = new Hold(forget);
    hold.serve(this, link, number);
    return hold;
  }

  /** Resolves, when nobody draws any more, to what allows it again. */
  async hold(): Promise<() => void> {
    this.#holds++;
    if (this.#holds === 1) this.#quiet = Promise.all([...this.#watches].map((watch) => watch.hold()));
    let isHeld = true;
    await this.#quiet;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds--;
      if (this.#holds === 0) for (const watch of this.#watches) watch.resume();
    };
  }
}
