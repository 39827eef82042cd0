// Watching a session: being told what its steps do, and leaving the terminal to whoever asks something on it.

import type { JsonObject } from "../base/json.js";
import { Question, type SessionConnection } from "./session-connection.js";
import { type Frame, jsonOf, kind, type Link } from "./session-protocol.js";

/** Who watches. */
export interface Watcher {
  /** What a step does. */
  event(value: JsonObject): void;
  /** Draw no more, as of now. */
  hold(): void;
  /** The terminal is free again. */
  resume(): void;
}

export class SessionWatch extends Question {
  readonly #watcher: Watcher;
  #hold = () => {};

  constructor(watcher: Watcher) {
    super();
    this.#watcher = watcher;
  }

  /** Resolves when the session tells all that its steps do from now on; it does so until the connection ends. */
  async begin(connection: SessionConnection): Promise<void> {
    const send = (link: Link, number: number) => {
      this.#hold = () => link.send(kind.hold, number);
      link.send(kind.watch, number);
    };
    await connection.granted(send, undefined, this);
  }

  override take(frame: Frame): void {
    if (frame.kind === kind.event) this.#watcher.event(jsonOf(frame));
    else if (frame.kind === kind.resume) this.#watcher.resume();
    else if (frame.kind === kind.hold) {
      this.#watcher.hold();
      this.#hold();
    } else super.take(frame);
  }
}
