// The session's side of the socket: steps connect, and ask for channels to hosts, places and locks.

import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { abortable } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import { Gate } from "../base/gate.js";
import { isObject } from "../base/json.js";
import { isAlive } from "../base/process.js";
import type { SshOptions, Target, Use } from "./contract.js";
import { Guard } from "./guard.js";
import { sessionName } from "./lock-owner.js";
import { SessionLocks } from "./session-locks.js";
import { type Frame, jsonOf, kind, Link, ProtocolError, protocol } from "./session-protocol.js";
import { type Served, ServedChannel, ServedLock, ServedPlace } from "./session-served.js";
import { Views } from "./session-views.js";
import { Ways } from "./session-ways.js";

/** What a lock frame asks for. Throws ProtocolError. */
function lockOf(frame: Frame): { target: Target; ssh: SshOptions; venv: string; wait: number } {
  const { target, ssh, venv, wait } = jsonOf(frame);
  if (!isObject(target) || !isObject(ssh) || typeof venv !== "string" || typeof wait !== "number")
    throw new ProtocolError("a lock without target, ssh, venv and wait");
  return { target: target as Target, ssh: ssh as unknown as SshOptions, venv, wait };
}

/** What a start frame asks for. Throws ProtocolError. */
function startOf(frame: Frame): { target: Target; command: string; use: Use; ssh: SshOptions } {
  const { target, command, use, ssh } = jsonOf(frame);
  if (!isObject(target) || typeof command !== "string" || !isObject(ssh))
    throw new ProtocolError("a start without target, command and ssh");
  if (use !== "passing" && use !== "lasting") throw new ProtocolError("a start that says no use");
  return { target: target as Target, command, use, ssh: ssh as unknown as SshOptions };
}

/** What is there for all steps. */
interface Common {
  ways: Ways;
  locks: SessionLocks;
  gate: Gate;
  views: Views;
}

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
    const forget = () => this.#served.delete(number);
    const { ways, locks, gate, views } = this.#common;
    if (frame.kind === kind.hello) this.#greet(frame);
    else if (!this.#greeted) throw new ProtocolError("no hello");
    else if (frame.kind === kind.start) {
      const { target, ssh, command, use } = startOf(frame);
      const channel = new ServedChannel(this.#link, number, forget);
      this.#keep(number, channel);
      channel.serve((signal) => ways.start(target, ssh, command, signal, use));
    } else if (frame.kind === kind.place) {
      const place = new ServedPlace(this.#link, number, forget);
      this.#keep(number, place);
      place.serve(gate);
    } else if (frame.kind === kind.lock) {
      const { target, ssh, venv, wait } = lockOf(frame);
      const lock = new ServedLock(forget);
      this.#keep(number, lock);
      const transport = ways.forLocks(ssh, wait);
      lock.serve(this.#link, number, (signal) => locks.take(transport, target, venv, signal));
    } else if (frame.kind === kind.event) {
      views.tell(frame.body);
    } else if (frame.kind === kind.watch && !this.#served.has(number)) {
      this.#keep(number, views.watch(this.#link, number, forget));
    } else if (frame.kind === kind.hold && !this.#served.has(number)) {
      this.#keep(number, views.holdFor(this.#link, number, forget));
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

/** Takes away what sessions have left that were killed before their guard knew of it, which is empty. */
async function clearLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid] = /^essay-(\d+)-\w{6}$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rmdir(join(folder, name)).catch(() => {});
  }
}

/** A private directory, 0700, for the socket, whose path the system limits to 104 bytes or so. */
async function makeDirectory(): Promise<string> {
  const folder = Buffer.byteLength(tmpdir()) > 66 ? "/tmp" : tmpdir();
  try {
    await clearLeft(folder);
    const directory = await mkdtemp(join(folder, `essay-${process.pid}-`));
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
  /** Takes the ids of processes, each on a line, which are to get SIGTERM when we are killed with -9. */
  watched: Writable;
  /** Resolves when no step is connected any more and all that they began has ended. */
  idle(): Promise<void>;
  /** Ends the session, its connections and whatever still runs. */
  close(): Promise<void>;
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, "listening");
}

/** Opens a session in which steps work on at most `jobs` hosts at once. */
export async function openSession({ jobs }: { jobs: number }): Promise<Session> {
  const clients = new Set<Client>();
  const sockets = new Set<Socket>();
  const directory = await makeDirectory();
  const guard = new Guard(directory);
  const path = join(directory, "s");
  const views = new Views();
  const common = {
    ways: new Ways(path, () => views.hold()),
    locks: new SessionLocks(sessionName(path)),
    gate: new Gate(jobs),
    views,
  };
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
  const idle = async () => {
    while (clients.size > 0) await Promise.all([...clients].map(({ gone }) => gone));
  };
  return {
    variables: { ESSAY_SESSION: path },
    watched: guard.watched,
    idle,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      // Not before: what still runs changes what they lock.
      await idle();
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
