// A step's connection to its session: what is asked over it, by number, and what comes back.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { abortable } from "../base/abort.js";
import { Failure, type FailureDetails } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { type Frame, jsonOf, kind, Link, ProtocolError, protocol } from "./session-protocol.js";

/** Something that was asked of the session: a channel, a place, or to be told something. */
export interface Asked {
  take(frame: Frame): void;
  /** The session has gone. */
  lose(why: Failure): void;
}

/** The Failure that a frame of kind failed tells. */
export function failureOf(frame: Frame): Failure {
  const { code, message, details } = jsonOf(frame);
  return new Failure(String(code), String(message), isObject(details) ? (details as FailureDetails) : {});
}

/** A question that is answered by done or failed. */
export class Question implements Asked {
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

/** Connects when the first thing is asked of the session at `path`. */
export class SessionConnection {
  readonly #path: string;
  readonly #asked = new Map<number, Asked>();
  #last = 0;
  #socket: Socket | undefined;
  /** Our hello is sent: what follows it is heard. */
  #opened: Promise<Link> | undefined;
  /** Its hello has come. */
  #link: Promise<Link> | undefined;
  readonly #hello = new Question();
  #lost: Failure | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Throws Failure: "no-session" where no session answers, "connection-lost" where it has gone. */
  async connected(signal?: AbortSignal): Promise<Link> {
    this.#link ??= this.#greeted();
    const link = await (signal ? abortable(this.#link, signal) : this.#link);
    if (this.#lost) throw this.#lost;
    return link;
  }

  /** Tells it something that is not answered; nothing where there is no session any more. */
  async tell(send: (link: Link) => void): Promise<void> {
    this.#opened ??= this.#open();
    const link = await this.#opened.catch(() => undefined);
    if (link && !this.#lost) send(link);
  }

  async #greeted(): Promise<Link> {
    this.#opened ??= this.#open();
    const link = await this.#opened;
    await this.#hello.answered;
    return link;
  }

  async #open(): Promise<Link> {
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
    this.#asked.set(0, this.#hello);
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
      (frame) => this.#take(frame),
      (error) => {
        broken = `: it does not keep to the protocol: ${error.message}`;
      },
    );
    link.sendJson(kind.hello, 0, { protocol });
    return link;
  }

  #take(frame: Frame): void {
    if (frame.kind === kind.hello) {
      const { protocol: spoken } = jsonOf(frame);
      if (spoken !== protocol)
        throw new ProtocolError(`it speaks protocol ${spoken}, and this step ${protocol}`);
      this.#hello.take({ ...frame, kind: kind.done });
    }
    // What is not known any more was dropped while this was on its way.
    else this.#asked.get(frame.number)?.take(frame);
  }

  /** Has what comes back for what `make` is about to ask, under the number that it is given, handed to it. */
  ask<A extends Asked>(link: Link, make: (number: number, drop: () => void) => A): A {
    this.#last++;
    const number = this.#last;
    const asked = make(number, () => {
      if (this.#asked.delete(number)) link.send(kind.drop, number);
    });
    this.#asked.set(number, asked);
    return asked;
  }

  /** Asks for something, and resolves, when the session has granted it, to what says that it is wanted no more. */
  async granted(
    send: (link: Link, number: number) => void,
    signal?: AbortSignal,
    question = new Question(),
  ): Promise<() => void> {
    const link = await this.connected(signal);
    let drop = () => {};
    this.ask(link, (number, forget) => {
      drop = forget;
      send(link, number);
      return question;
    });
    try {
      await (signal ? abortable(question.answered, signal) : question.answered);
      return drop;
    } catch (error) {
      drop();
      throw error;
    }
  }

  /** Ends it when all is sent that is to be told. */
  async close(): Promise<void> {
    await this.#opened?.catch(() => {});
    // Not after its hello, which a session that hangs never says.
    this.#socket?.destroySoon();
  }
}
