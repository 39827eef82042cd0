// The transport of a step inside es-session: its hosts are reached by the session's connections.

import { abortable } from "../base/abort.js";
import type { Failure } from "../base/failure.js";
import type { Place } from "../base/gate.js";
import type { Channel, Ended, SshOptions, Target, Transport, Use } from "./contract.js";
import { type Asked, failureOf, Question, SessionConnection } from "./session-connection.js";
import {
  creditOf,
  type Frame,
  jsonOf,
  kind,
  type Link,
  ProtocolError,
  streamOf,
  streams,
} from "./session-protocol.js";
import { ReceivedStream, SentStream } from "./session-streams.js";

/** A channel: a question whether it opens, and then its streams. */
class SessionChannel implements Asked {
  readonly opened = new Question();
  readonly channel: Channel;
  readonly #stdin: SentStream;
  readonly #received: Record<number, ReceivedStream>;
  #end: (ended: Ended) => void = () => {};
  #fail: (why: Failure) => void = () => {};
  #isLost = false;

  constructor(link: Link, number: number, drop: () => void) {
    const { stdin, stdout, stderr } = streams;
    this.#stdin = new SentStream({
      data: (bytes) => link.sendData(number, stdin, bytes),
      end: () => link.sendEnd(number, stdin),
    });
    const out = new ReceivedStream((bytes) => link.sendCredit(number, stdout, bytes));
    const err = new ReceivedStream((bytes) => link.sendCredit(number, stderr, bytes));
    this.#received = { [stdout]: out, [stderr]: err };
    const ended = new Promise<Ended>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    ended.catch(() => {}); // whoever awaits it hears of it
    const destroy = () => {
      drop();
      for (const stream of [this.#stdin, out, err]) stream.destroy();
    };
    this.channel = { stdin: this.#stdin, stdout: out, stderr: err, ended, destroy };
  }

  take(frame: Frame): void {
    if (frame.kind === kind.done) this.opened.take(frame);
    else if (frame.kind === kind.failed) this.lose(failureOf(frame));
    else if (frame.kind === kind.exit) {
      const { status, signal } = jsonOf(frame);
      this.#end({
        status: typeof status === "number" ? status : null,
        signal: typeof signal === "string" ? signal : null,
      });
    } else if (!this.#isLost) this.#takeStream(frame);
  }

  #takeStream(frame: Frame): void {
    const { stream, rest } = streamOf(frame);
    const received = this.#received[stream];
    if (frame.kind === kind.credit && stream === streams.stdin) this.#stdin.addCredit(creditOf(rest));
    else if (frame.kind === kind.data && received) received.accept(rest);
    else if (frame.kind === kind.end && received) received.finish();
    else throw new ProtocolError(`kind ${frame.kind} of stream ${stream}`);
  }

  lose(why: Failure): void {
    // What the session had sent before it was told that nothing more is wanted is still on its way.
    this.#isLost = true;
    this.opened.lose(why);
    this.#fail(why);
    for (const received of Object.values(this.#received)) received.finish();
  }
}

/** Reaches hosts through the es-session at `path`, which connects when the first thing is asked of it. */
export class SessionTransport implements Transport {
  readonly #connection: SessionConnection;
  readonly #options: Omit<SshOptions, "asker">;

  constructor(path: string, { asker: _, ...options }: SshOptions) {
    this.#connection = new SessionConnection(path);
    this.#options = options;
  }

  async start(target: Target, command: string, signal: AbortSignal, use: Use = "passing"): Promise<Channel> {
    const link = await this.#connection.connected(signal);
    const { host, user, port, batch } = target;
    const wanted = { target: { host, user, port, batch }, command, use, ssh: this.#options };
    const opening = this.#connection.ask(link, (number, drop) => {
      link.sendJson(kind.start, number, wanted);
      return new SessionChannel(link, number, drop);
    });
    try {
      await abortable(opening.opened.answered, signal);
      return opening.channel;
    } catch (error) {
      opening.channel.destroy();
      throw error;
    }
  }

  async place(signal: AbortSignal): Promise<Place> {
    const leave = await this.#connection.granted((link, number) => link.send(kind.place, number), signal);
    return { leave, forfeit: leave };
  }

  /** Has the session take a lock, and wait for it as many seconds. */
  async lockWithin(wait: number, target: Target, venv: string, signal: AbortSignal): Promise<void> {
    const { host, user, port, become, transport } = target;
    const wanted = { target: { host, user, port, become, transport }, ssh: this.#options, venv, wait };
    const drop = await this.#connection.granted(
      (link, number) => link.sendJson(kind.lock, number, wanted),
      signal,
    );
    // The session has the lock to its end; only the question is done.
    drop();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
