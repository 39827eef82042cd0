// The streams of a channel as they go over the session's socket: sent against credit, received with credit given
// back as the bytes are taken.

import { Readable, Writable } from "node:stream";
import { initialCredit, longestData, ProtocolError } from "./session-protocol.js";

/** How a stream leaves: its bytes, in pieces that a frame holds, and its end. */
export interface Out {
  data(bytes: Buffer): void;
  end(): void;
}

/** Takes bytes and sends them as credit allows; a write is done when all of it was sent. */
export class SentStream extends Writable {
  readonly #out: Out;
  #credit = initialCredit;
  #waiting: (() => void) | undefined;

  constructor(out: Out) {
    super({ highWaterMark: longestData });
    this.#out = out;
  }

  /** The other side takes so many bytes more. */
  addCredit(bytes: number): void {
    this.#credit += bytes;
    const go = this.#waiting;
    this.#waiting = undefined;
    go?.();
  }

  override _write(chunk: Buffer, _encoding: unknown, sent: () => void): void {
    let rest = chunk;
    const go = () => {
      while (rest.length > 0 && this.#credit > 0) {
        const piece = rest.subarray(0, Math.min(longestData, this.#credit));
        rest = rest.subarray(piece.length);
        this.#credit -= piece.length;
        this.#out.data(piece);
      }
      if (rest.length > 0) this.#waiting = go;
      else sent();
    };
    go();
  }

  override _final(done: () => void): void {
    this.#out.end();
    done();
  }
}

/** Gives the bytes that came; `giveCredit` is called with their number as they are taken. */
export class ReceivedStream extends Readable {
  readonly #giveCredit: (bytes: number) => void;
  readonly #queue: Buffer[] = [];
  #held = 0;
  #wanted = false;
  #ended = false;

  constructor(giveCredit: (bytes: number) => void) {
    super({ highWaterMark: longestData });
    this.#giveCredit = giveCredit;
  }

  /** Bytes have come. Throws ProtocolError when they were not allowed to. */
  accept(bytes: Buffer): void {
    this.#held += bytes.length;
    if (this.#held > initialCredit || this.#ended)
      throw new ProtocolError("more of a stream than was allowed");
    this.#queue.push(bytes);
    this.#give();
  }

  /** No more will come. */
  finish(): void {
    this.#ended = true;
    this.#give();
  }

  override _read(): void {
    this.#wanted = true;
    this.#give();
  }

  #give(): void {
    let taken = 0;
    while (this.#wanted) {
      const bytes = this.#queue.shift();
      if (!bytes) break;
      taken += bytes.length;
      this.#wanted = this.push(bytes);
    }
    this.#held -= taken;
    // Whoever took them may have dropped the channel, which nothing may be sent for then.
    if (taken > 0 && !this.#ended && !this.destroyed) this.#giveCredit(taken);
    if (this.#ended && this.#queue.length === 0) this.push(null);
  }
}
