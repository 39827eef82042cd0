// What one step has asked of the session, and has until it drops it: channels, places, and locks that it waits for.

import { settledWithin } from "../base/abort.js";
import { asFailure, Failure } from "../base/failure.js";
import type { Gate, Place } from "../base/gate.js";
import type { Channel } from "./contract.js";
import {
  creditOf,
  type Frame,
  kind,
  type Link,
  ProtocolError,
  streamOf,
  streams,
} from "./session-protocol.js";
import { ReceivedStream, SentStream } from "./session-streams.js";

/** Milliseconds that a command has for its end when its step has gone; its script kills after 5 s. */
const patience = 8000;

/** What a step has asked for. */
export interface Served {
  /** A frame of its number. Throws ProtocolError. */
  take(frame: Frame): void;
  /** The step has gone. Resolves when what it began has ended. */
  abandon(): Promise<void>;
}

/** A channel of a step: the streams of one command on a host. */
export class ServedChannel implements Served {
  readonly #number: number;
  readonly #link: Link;
  readonly #forget: () => void;
  readonly #cancel = new AbortController();
  readonly #stdin: ReceivedStream;
  readonly #sent: Record<number, SentStream>;
  #channel: Channel | undefined;

  constructor(link: Link, number: number, forget: () => void) {
    this.#number = number;
    this.#link = link;
    this.#forget = forget;
    this.#stdin = new ReceivedStream((bytes) => link.sendCredit(number, streams.stdin, bytes));
    const sent = (stream: 1 | 2) =>
      new SentStream({
        data: (bytes) => link.sendData(number, stream, bytes),
        end: () => link.sendEnd(number, stream),
      });
    this.#sent = { [streams.stdout]: sent(streams.stdout), [streams.stderr]: sent(streams.stderr) };
  }

  /** Opens the channel and serves it; never rejects. */
  async serve(open: (signal: AbortSignal) => Promise<Channel>): Promise<void> {
    try {
      const channel = await open(this.#cancel.signal);
      if (this.#cancel.signal.aborted) return channel.destroy();
      this.#channel = channel;
      this.#link.send(kind.done, this.#number);
      const { stdin, stdout, stderr, ended } = channel;
      for (const stream of [stdin, stdout, stderr]) stream.on("error", () => {}); // `ended` tells
      this.#stdin.pipe(stdin);
      stdout.pipe(this.#sent[streams.stdout] as SentStream);
      stderr.pipe(this.#sent[streams.stderr] as SentStream);
      this.#link.sendJson(kind.exit, this.#number, await ended);
    } catch (error) {
      const { code, message, details } = asFailure(error);
      this.#link.sendJson(kind.failed, this.#number, { code, message, details });
    }
  }

  take(frame: Frame): void {
    if (frame.kind === kind.drop) {
      this.#forget();
      this.drop();
      return;
    }
    const { stream, rest } = streamOf(frame);
    const sent = this.#sent[stream];
    if (frame.kind === kind.credit && sent) sent.addCredit(creditOf(rest));
    else if (frame.kind === kind.data && stream === streams.stdin) this.#stdin.accept(rest);
    else if (frame.kind === kind.end && stream === streams.stdin) this.#stdin.finish();
    else throw new ProtocolError(`kind ${frame.kind} of stream ${stream}`);
  }

  /** Nobody wants the channel any more. */
  drop(): void {
    this.#cancel.abort(new Failure("cancelled", "the step wants it no more"));
    this.#channel?.destroy();
  }

  /** The step has gone: its command is ended by its lifeline, and has the time that it needs for that. */
  async abandon(): Promise<void> {
    const channel = this.#channel;
    if (!channel) return this.drop();
    this.#stdin.unpipe();
    channel.stdin.end();
    for (const [stream, sent] of [
      [channel.stdout, this.#sent[streams.stdout]],
      [channel.stderr, this.#sent[streams.stderr]],
    ] as const) {
      if (sent) stream.unpipe(sent);
      stream.resume();
    }
    await settledWithin(patience, channel.ended);
    this.drop();
  }
}

/** A place that a step has, or waits for. */
export class ServedPlace implements Served {
  readonly #number: number;
  readonly #link: Link;
  readonly #forget: () => void;
  readonly #cancel = new AbortController();
  #place: Place | undefined;

  constructor(link: Link, number: number, forget: () => void) {
    this.#number = number;
    this.#link = link;
    this.#forget = forget;
  }

  async serve(gate: Gate): Promise<void> {
    const place = await gate.enter(this.#cancel.signal).catch(() => undefined);
    if (!place) return;
    if (this.#cancel.signal.aborted) return place.leave();
    this.#place = place;
    this.#link.send(kind.done, this.#number);
  }

  take(frame: Frame): void {
    if (frame.kind !== kind.drop) throw new ProtocolError(`kind ${frame.kind} of a place`);
    this.#forget();
    this.drop();
  }

  drop(): void {
    this.#cancel.abort(new Failure("cancelled", "the step wants it no more"));
    this.#place?.leave();
  }

  async abandon(): Promise<void> {
    this.drop();
  }
}

/** A lock that a step waits for. */
export class ServedLock implements Served {
  readonly #cancel = new AbortController();
  readonly #forget: () => void;

  constructor(forget: () => void) {
    this.#forget = forget;
  }

  async serve(link: Link, number: number, take: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await take(this.#cancel.signal);
      link.send(kind.done, number);
    } catch (error) {
      const { code, message, details } = asFailure(error);
      link.sendJson(kind.failed, number, { code, message, details });
    }
  }

  take(frame: Frame): void {
    if (frame.kind !== kind.drop) throw new ProtocolError(`kind ${frame.kind} of a lock`);
    this.#forget();
    this.#cancel.abort(new Failure("cancelled", "the step wants it no more"));
  }

  async abandon(): Promise<void> {
    this.#cancel.abort(new Failure("cancelled", "the step has gone"));
  }
}
