// The transport of a step inside es-session: its hosts are reached by the session's connections.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { abortable } from "../base/abort.js";
import { Failure, type FailureDetails } from "../base/failure.js";
import type { Place } from "../base/gate.js";
import { isObject } from "../base/json.js";
import type { Channel, Ended, SshOptions, Target, Transport, Use } from "./contract.js";
import {
  creditOf,
  type Frame,
  jsonOf,
  kind,
  Link,
  ProtocolError,
  protocol,
  streamOf,
  streams,
} from "./session-protocol.js";
import { ReceivedStream, SentStream } from "./session-streams.js";

/** Something that was asked of the session: a channel, or a place. */
interface Asked {
  take(frame: Frame): void;
  /** The session has gone. */
  lose(why: Failure): void;
}

/** The Failure that a frame of kind failed tells. */
function failureOf(frame: Frame): Failure {
  const { code, message, details } = jsonOf(frame);
  return new Failure(String(code), String(message), isObject(details) ? (details as FailureDetails) : {});
}

/** A question that is answered by done or failed. */
class Question implements Asked {
  readonly answered: Promise<void>;
  #answer = () => {};
  lose: (why: Failure) => void = () => {};

  constructor() {
    this.answered = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.lose = reject;
    });
    this.answered.catch(() => {}); // whoever awaits it hears of it
  }

  take(frame: Frame): void {
    if (frame.kind === kind.done) this.#answer();
    else if (frame.kind === kind.failed) this.lose(failureOf(frame));
  }
}

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
  readonly #path: string;
  readonly #options: Omit<SshOptions, "asker">;
  readonly #asked = new Map<number, Asked>();
  #last = 0;
  #socket: Socket | undefined;
  #link: Promise<Link> | undefined;
  #lost: Failure | undefined;

  constructor(path: string, { asker: _, ...options }: SshOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Throws Failure: "no-session" where no session answers, "connection-lost" where it has gone. */
  async #connected(signal: AbortSignal): Promise<Link> {
    this.#link ??= this.#connect();
    const link = await abortable(this.#link, signal);
    if (this.#lost) throw this.#lost;
    return link;
  }

  async #connect(): Promise<Link> {
    const socket = connect(this.#path);
    this.#socket = socket;
    try {
      await once(socket, "connect");
    } catch (error) {
      throw new Failure(
        "no-session",
        `ESSAY_SESSION names ${this.#path}, where no es-session answers (${(error as Error).message}): it has ended; run all of it again, or unset ESSAY_SESSION`,
      );
    }
    const link = new Link(socket);
    const hello = new Question();
    this.#asked.set(0, hello);
    let broken = "";
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      this.#lost = new Failure(
        "connection-lost",
        `es-session has gone, and its connections with it${broken}`,
      );
      for (const asked of this.#asked.values()) asked.lose(this.#lost);
      this.#asked.clear();
    });
    link.receive(
      (frame) => this.#take(frame, hello),
      (error) => {
        broken = `: it does not keep to the protocol: ${error.message}`;
      },
    );
    link.sendJson(kind.hello, 0, { protocol });
    await hello.answered;
    return link;
  }

  #take(frame: Frame, hello: Question): void {
    if (frame.kind === kind.hello) {
      const { protocol: spoken } = jsonOf(frame);
      if (spoken !== protocol)
        throw new ProtocolError(`it speaks protocol ${spoken}, and this step ${protocol}`);
      hello.take({ ...frame, kind: kind.done });
    }
    // What is not known any more was dropped while this was on its way.
    else this.#asked.get(frame.number)?.take(frame);
  }

  #number(): number {
    this.#last++;
    return this.#last;
  }

  /** Forgets what was asked under a number, and tells the session so. */
  #drop(link: Link, number: number): void {
    if (this.#asked.delete(number)) link.send(kind.drop, number);
  }

  async start(target: Target, command: string, signal: AbortSignal, use: Use = "passing"): Promise<Channel> {
    const link = await this.#connected(signal);
    const number = this.#number();
    const opening = new SessionChannel(link, number, () => this.#drop(link, number));
    this.#asked.set(number, opening);
    const { host, user, port, batch } = target;
    const wanted = { target: { host, user, port, batch }, command, use, ssh: this.#options };
    link.sendJson(kind.start, number, wanted);
    try {
      await abortable(opening.opened.answered, signal);
      return opening.channel;
    } catch (error) {
      opening.channel.destroy();
      throw error;
    }
  }

  /** Asks for something, and resolves, when the session has granted it, to what says that it is wanted no more. */
  async #granted(send: (link: Link, number: number) => void, signal: AbortSignal): Promise<() => void> {
    const link = await this.#connected(signal);
    const number = this.#number();
    const question = new Question();
    this.#asked.set(number, question);
    send(link, number);
    const drop = () => this.#drop(link, number);
    try {
      await abortable(question.answered, signal);
      return drop;
    } catch (error) {
      drop();
      throw error;
    }
  }

  async place(signal: AbortSignal): Promise<Place> {
    const leave = await this.#granted((link, number) => link.send(kind.place, number), signal);
    return { leave, forfeit: leave };
  }

  /** Has the session take a lock, and wait for it as many seconds. */
  async lockWithin(wait: number, target: Target, venv: string, signal: AbortSignal): Promise<void> {
    const { host, user, port, become, transport } = target;
    const wanted = { target: { host, user, port, become, transport }, ssh: this.#options, venv, wait };
    const drop = await this.#granted((link, number) => link.sendJson(kind.lock, number, wanted), signal);
    // The session has the lock to its end; only the question is done.
    drop();
  }

  async close(): Promise<void> {
    // Not after its hello, which a session that hangs never says.
    this.#socket?.destroySoon();
  }
}
