// Telling the live view of `es` what a step does, where there is one: over the session's socket.

import { milliseconds } from "./base/clock.js";
import { SessionConnection } from "./transport/session-connection.js";
import { kind } from "./transport/session-protocol.js";
import type { Event } from "./view/event.js";

/** Milliseconds between two words about how far the work is. */
const pause = 100;

/** What a step tells the live view. */
export class Progress {
  readonly #connection: SessionConnection;
  readonly #by: { view: string; stage: number; step: string };
  readonly #came = new Set<string>();
  #saidAt = Number.NEGATIVE_INFINITY;

  /** `view`: the value of ESSAY_VIEW, VIEW.STAGE; `session`: the path of the socket. */
  constructor(session: string, view: string, step: string) {
    const [name = "", stage] = view.split(".");
    this.#connection = new SessionConnection(session);
    this.#by = { view: name, stage: Number(stage), step };
  }

  #tell(event: Event): void {
    // A view that hears nothing shows nothing: no reason for the work to end.
    void this.#connection.tell((link) => link.sendJson(kind.event, 0, { ...this.#by, ...event }));
  }

  /** The step works on records. */
  step(): void {
    this.#tell({ what: "step" });
  }

  /** A record is there, one `of` a number. */
  came(host: string, of: number | undefined): void {
    if (this.#came.has(host)) return;
    this.#came.add(host);
    this.#tell({ what: "came", host, ...(of !== undefined && { of }) });
  }

  begun(host: string): void {
    this.#tell({ what: "begun", host });
  }

  /** The work on a record has ended after `ms` milliseconds, well or by a failure with a code. */
  done(host: string, ms: number, said: string, code: string | undefined): void {
    this.#tell({ what: "done", host, ms, said, ...(code !== undefined && { code }) });
  }

  /** How far the work is; too soon after the last word, the text is not even made. */
  doing(text: () => string): void {
    const now = milliseconds();
    if (now - this.#saidAt < pause) return;
    this.#saidAt = now;
    this.#tell({ what: "doing", said: text() });
  }

  /** Resolves, when the view does not draw any more, to what allows it again. */
  async hold(): Promise<() => void> {
    const drop = await this.#connection
      .granted((link, number) => link.send(kind.hold, number))
      .catch(() => () => {});
    return drop;
  }

  close(): void {
    void this.#connection.close();
  }
}
