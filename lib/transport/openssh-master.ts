// An open connection of the system's ssh (ControlMaster in ssh_config(5)): commands are its sessions, each of them
// an ssh of its own that talks to the master.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { abortable, pause, settledWithin } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import type { Channel, Ended, Use } from "./contract.js";
import { withPipes } from "./descriptors.js";
import { Marks, marked, newMark } from "./openssh-marks.js";
import { NoRoom, Sessions } from "./ssh-sessions.js";

/** Of the sessions that sshd allows in a connection (MaxSessions) the master has one. */
const sessionsAtOnce = 9;
/** Milliseconds for saying good-bye. */
const farewell = 1000;

/** Keys of the terminal end our programs, which then end ssh in good order; so it is not to heed them itself. */
export function spawnSsh(args: readonly string[]): ChildProcessWithoutNullStreams {
  const script = 'trap "" INT QUIT HUP TSTP; exec ssh "$@"';
  return withPipes(spawn("/bin/sh", ["-c", script, "ssh", ...args]), "ssh");
}

/** A master connection that is open. */
export class Master {
  readonly #host: string;
  readonly #child: ChildProcessWithoutNullStreams;
  /** What every session of it begins with. */
  readonly #args: readonly string[];
  readonly #sessions = new Sessions(sessionsAtOnce);
  #gone = false;
  readonly closed: Promise<void>;

  constructor(host: string, child: ChildProcessWithoutNullStreams, args: readonly string[]) {
    this.#host = host;
    this.#child = child;
    this.#args = args;
    child.stderr.resume();
    child.stdout.resume();
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#gone = true;
        resolve();
      };
      if (child.exitCode !== null || child.signalCode !== null) end();
      else child.once("exit", end);
    });
  }

  #lost(when: string): Failure {
    return new Failure("connection-lost", `the connection to ${this.#host} was lost ${when}`);
  }

  /** Throws Failure "connection-lost" when it had gone already and the command has not begun. */
  start(command: string, signal: AbortSignal, use?: Use): Promise<Channel> {
    return this.#sessions.start((leave) => this.#session(command, leave, signal), signal, use);
  }

  async #session(command: string, leave: () => void, signal: AbortSignal): Promise<Channel> {
    if (this.#gone) throw this.#lost("before the command began");
    const mark = newMark();
    const child = spawnSsh([...this.#args, marked(command, mark)]);
    const marks = child.stderr.pipe(new Marks(mark));
    // What is not read when the child exits, Node throws away, also where nobody could have read it yet.
    const stdout = child.stdout.pipe(new PassThrough());
    const heard = once(child.stderr, "end").catch(() => {});
    const exited = new Promise<number | null>((resolve) => {
      child.once("error", () => resolve(null));
      child.once("exit", (status) => resolve(status));
    });
    child.stdin.on("error", () => {});
    const destroy = () => {
      child.kill();
      for (const stream of [child.stdin, child.stdout, child.stderr, stdout, marks]) stream.destroy();
    };
    try {
      await abortable(Promise.race([marks.begun, exited, this.closed]), signal);
      if (!marks.hasBegun) await this.#explain(exited, heard, marks);
    } catch (error) {
      destroy();
      throw error;
    }
    const over = exited.finally(leave);
    const ended = Promise.race([marks.ended, this.#endWithoutMark(over, heard, marks)]);
    ended.catch(() => {}); // whoever awaits it hears of it
    return { stdin: child.stdin, stdout, stderr: marks, ended, destroy };
  }

  /** Returns for a login shell that is none, whose status tells; throws what else kept a command from beginning. */
  async #explain(exited: Promise<number | null>, heard: Promise<unknown>, marks: Marks): Promise<void> {
    const status = await exited;
    await heard;
    await pause(0);
    if (marks.hasBegun) return;
    const said = String(marks.read() ?? "");
    if (this.#gone || status === null) throw this.#lost("before the command began");
    const [refusal] = /[^\r\n]*(open failed|refused by peer|request failed)[^\r\n]*/.exec(said) ?? [];
    if (refusal !== undefined)
      throw new NoRoom(
        "exec-failed",
        `${this.#host} starts no command: ${refusal.trim()}; MaxSessions in its sshd_config must be 2 or more for --ssh openssh`,
      );
    if (status === 255 && (await this.#isGone())) throw this.#lost("before the command began");
    if (said !== "") marks.unshift(said);
  }

  /** Whether the connection has gone, as may be seen a moment later than in its sessions. */
  async #isGone(): Promise<boolean> {
    await settledWithin(farewell, this.closed);
    return this.#gone;
  }

  async #endWithoutMark(over: Promise<number | null>, heard: Promise<unknown>, marks: Marks): Promise<Ended> {
    const status = await over;
    await heard;
    if (marks.hasEnded) return marks.ended;
    if (marks.hasBegun && (await this.#isGone())) throw this.#lost("while a command ran");
    return { status, signal: null };
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await settledWithin(farewell, this.closed);
    this.#child.kill();
  }
}
