// The session's side of the socket: connections to hosts, each opened at its first use and shared by all steps, and
// the places that limit how many hosts they work on at once.

import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { abortable, pause } from "../base/abort.js";
import { asFailure, Failure } from "../base/failure.js";
import { Gate, type Place } from "../base/gate.js";
import { isObject } from "../base/json.js";
import type { Channel, SshOptions, Target, Transport } from "./contract.js";
import { lockOwner, sessionName } from "./lock-owner.js";
import { openDirectly } from "./open.js";
import { Guard } from "./session-guard.js";
import { SessionLocks } from "./session-locks.js";
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

/** Milliseconds that a command has for its end when its step has gone; its script kills after 5 s. */
const patience = 8000;

/**
 * A lock has a session of its host's connection to itself, of which sshd allows ten: locks beyond so many of one
 * host have connections of their own, so that there is room for the steps.
 */
const locksInConnection = 4;

/** The transports to hosts, one for each way in which steps want them to be reached. */
class Ways {
  readonly #path: string;
  readonly #transports = new Map<string, Transport>();
  /** For each host that was reached: by which of them, so that --accept-new in one step opens no second one. */
  readonly #reached = new Map<string, Transport>();
  /** For each host: how many locks each of its connections has; the first one is that of the steps. */
  readonly #locks = new Map<string, number[]>();

  /** `path`: the session's socket. */
  constructor(path: string) {
    this.#path = path;
  }

  /** A transport by which scripts lock for the session, and wait for that as many seconds. */
  forLocks(ssh: SshOptions, wait: number): Transport {
    const locks = { session: sessionName(this.#path), owner: lockOwner(), wait };
    const local = this.#transport(ssh);
    return {
      locks,
      start: (target, command, signal) =>
        target.transport === "local"
          ? local.start(target, command, signal)
          : this.#startLock(target, ssh, command, signal),
      close: async () => {},
    };
  }

  async #startLock(target: Target, ssh: SshOptions, command: string, signal: AbortSignal): Promise<Channel> {
    const host = this.#nameOf(target, ssh);
    const held = this.#locks.get(host) ?? [0];
    this.#locks.set(host, held);
    const room = held.findIndex((locks) => locks < locksInConnection);
    const place = room < 0 ? held.length : room;
    held[place] = (held[place] ?? 0) + 1;
    const leave = () => {
      held[place] = (held[place] ?? 1) - 1;
    };
    try {
      const channel = await (place === 0
        ? this.start(target, ssh, command, signal)
        : this.#transport(ssh, place).start(target, command, signal));
      channel.ended.then(leave, leave);
      return channel;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #nameOf({ user, host, port }: Target, ssh: SshOptions): string {
    return JSON.stringify([user, host, port, { ...ssh, acceptNew: undefined }]);
  }

  async start(target: Target, ssh: SshOptions, command: string, signal: AbortSignal): Promise<Channel> {
    const host = this.#nameOf(target, ssh);
    const transport = this.#reached.get(host) ?? this.#transport(ssh);
    const channel = await transport.start(target, command, signal);
    this.#reached.set(host, transport);
    return channel;
  }

  /** `further`: 0, or the number of one that has connections of its own for locks. */
  #transport(ssh: SshOptions, further = 0): Transport {
    const name = JSON.stringify([ssh, further]);
    const transport = this.#transports.get(name) ?? openDirectly(ssh);
    this.#transports.set(name, transport);
    return transport;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }
}

/** A channel of a step: the streams of one command on a host. */
class ServedChannel {
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
    const enough = new AbortController();
    await Promise.race([channel.ended.catch(() => {}), pause(patience, enough.signal).catch(() => {})]);
    enough.abort();
    this.drop();
  }
}

/** A place that a step has, or waits for. */
class ServedPlace {
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
class ServedLock {
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

/** What a lock frame asks for. Throws ProtocolError. */
function lockOf(frame: Frame): { target: Target; ssh: SshOptions; venv: string; wait: number } {
  const { target, ssh, venv, wait } = jsonOf(frame);
  if (!isObject(target) || !isObject(ssh) || typeof venv !== "string" || typeof wait !== "number")
    throw new ProtocolError("a lock without target, ssh, venv and wait");
  return { target: target as Target, ssh: ssh as unknown as SshOptions, venv, wait };
}

/** What a start frame asks for. Throws ProtocolError. */
function startOf(frame: Frame): { target: Target; command: string; ssh: SshOptions } {
  const { target, command, ssh } = jsonOf(frame);
  if (!isObject(target) || typeof command !== "string" || !isObject(ssh))
    throw new ProtocolError("a start without target, command and ssh");
  return { target: target as Target, command, ssh: ssh as unknown as SshOptions };
}

/** What is there for all steps. */
interface Common {
  ways: Ways;
  locks: SessionLocks;
  gate: Gate;
  /** Seconds to wait for locks, where a step says nothing. */
  wait: number;
}

type Served = ServedChannel | ServedPlace | ServedLock;

/** One step that is connected. */
class Client {
  readonly #common: Common;
  readonly #link: Link;
  readonly #served = new Map<number, Served>();
  #greeted = false;
  /** Resolves when the step has gone and all that it began has ended. */
  readonly gone: Promise<void>;

  constructor(socket: Socket, common: Common) {
    this.#common = common;
    this.#link = new Link(socket);
    socket.on("error", () => {}); // "close" follows
    this.#link.receive(
      (frame) => this.#take(frame),
      () => {}, // the step sees its connection end
    );
    // Not by `once`, which rejects at an error: a step may go while something is being sent to it.
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    this.gone = closed.then(async () => {
      await Promise.all([...this.#served.values()].map((served) => served.abandon()));
    });
  }

  #take(frame: Frame): void {
    const { number } = frame;
    if (frame.kind === kind.hello) this.#greet(frame);
    else if (!this.#greeted) throw new ProtocolError("no hello");
    else if (frame.kind === kind.start) {
      const { target, ssh, command } = startOf(frame);
      const channel = new ServedChannel(this.#link, number, () => this.#served.delete(number));
      this.#keep(number, channel);
      channel.serve((signal) => this.#common.ways.start(target, ssh, command, signal));
    } else if (frame.kind === kind.place) {
      const place = new ServedPlace(this.#link, number, () => this.#served.delete(number));
      this.#keep(number, place);
      place.serve(this.#common.gate);
    } else if (frame.kind === kind.lock) {
      const { target, ssh, venv, wait } = lockOf(frame);
      const { ways, locks, wait: usual } = this.#common;
      const lock = new ServedLock(() => this.#served.delete(number));
      this.#keep(number, lock);
      const transport = ways.forLocks(ssh, wait || usual);
      lock.serve(this.#link, number, (signal) => locks.take(transport, target, venv, signal));
    } else {
      const served = this.#served.get(number);
      if (!served) throw new ProtocolError(`nothing has the number ${number}`);
      served.take(frame);
    }
  }

  #keep(number: number, served: Served): void {
    if (this.#served.has(number)) throw new ProtocolError(`${number} is taken`);
    this.#served.set(number, served);
  }

  #greet(frame: Frame): void {
    const { protocol: spoken } = jsonOf(frame);
    if (spoken !== protocol) {
      const message = `this step speaks protocol ${spoken} with es-session, which speaks ${protocol}: they are of different releases of essay`;
      this.#link.sendJson(kind.failed, 0, { code: "no-session", message });
      throw new ProtocolError(message);
    }
    this.#greeted = true;
    this.#link.sendJson(kind.hello, 0, { protocol });
  }
}

/** A private directory, 0700, for the socket, whose path the system limits to 104 bytes or so. */
async function makeDirectory(): Promise<string> {
  const usual = join(tmpdir(), "essay-");
  try {
    const directory = await mkdtemp(Buffer.byteLength(usual) > 80 ? "/tmp/essay-" : usual);
    await chmod(directory, 0o700);
    return directory;
  } catch (error) {
    const why = (error as Error).message;
    throw new Failure("cannot-listen", `cannot make a directory for the session's socket: ${why}`);
  }
}

/** A session that is open. */
export interface Session {
  /** What steps must find in their environment. */
  variables: { ESSAY_SESSION: string };
  /** A process that is to get SIGTERM when we are killed with -9. */
  watch(pid: number): void;
  /** Resolves when no step is connected any more and all that they began has ended. */
  idle(): Promise<void>;
  /** Ends the session, its connections and whatever still runs. */
  close(): Promise<void>;
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, "listening");
}

/** Opens a session in which steps work on at most `jobs` hosts at once, and wait `wait` seconds for locks. */
export async function openSession({ jobs, wait = 0 }: { jobs: number; wait?: number }): Promise<Session> {
  const clients = new Set<Client>();
  const sockets = new Set<Socket>();
  const directory = await makeDirectory();
  const guard = new Guard(directory);
  const path = join(directory, "s");
  const common = { ways: new Ways(path), locks: new SessionLocks(), gate: new Gate(jobs), wait };
  const server = createServer((socket) => {
    const client = new Client(socket, common);
    clients.add(client);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    client.gone.then(() => clients.delete(client));
  });
  const remove = async () => {
    await rm(directory, { recursive: true, force: true });
    await guard.dismiss();
  };
  try {
    await listen(server, path);
  } catch (error) {
    await remove();
    throw new Failure(
      "cannot-listen",
      `cannot make the session's socket ${path}: ${(error as Error).message}`,
    );
  }
  return {
    variables: { ESSAY_SESSION: path },
    watch: (pid) => guard.watch(pid),
    idle: async () => {
      while (clients.size > 0) await Promise.all([...clients].map(({ gone }) => gone));
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await common.locks.close();
      await common.ways.close();
      await remove();
    },
  };
}

/** Whether a session answers at `path`. */
export async function isSession(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await abortable(once(socket, "connect"), AbortSignal.timeout(5000));
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
