// The contract between steps and transports. A transport starts one constant command on a host and hands
// over its streams; execute.ts does all the rest, the same for every kind of transport.

import type { Readable, Writable } from "node:stream";
import type { Place } from "../base/gate.js";
import type { LockOwner } from "../remote/compose.js";
import type { Asker } from "./asker.js";

/** The host that a record names, and how to get there. */
export interface Target {
  host?: string;
  user?: string;
  port?: number;
  transport?: "ssh" | "local";
  /** The account that changing scripts run under, by `sudo -n -u`. */
  become?: string;
  /** The hosts that are to be reached together with this one. */
  batch?: { id: string; size: number };
}

/** How a remote command ended: by itself (`status`) or by a signal, such as "KILL". */
export interface Ended {
  status: number | null;
  signal: string | null;
}

/** A command that runs on a host. Both output streams must be read, or the command stalls. */
export interface Channel {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Settles when the command's end is known; rejects with Failure "connection-lost" when the host went. */
  ended: Promise<Ended>;
  /** Drops the channel at once, whatever is still open. */
  destroy(): void;
  /** Milliseconds that the command took to begin on a connection that was open, where that is known. */
  delay?: number;
}

/**
 * Whether a command ends by itself soon, or is to run as long as the transport; a spare one is begun beforehand, for a
 * use that may come, where there is room for it.
 */
export type Use = "passing" | "lasting" | "spare";

/** One kind of transport: it connects (once for each host) and starts commands. */
export interface Transport {
  /**
   * Starts `command`, which is free of user data, by the login shell of the target. Throws Failure:
   * unresolved, unreachable, refused, timeout, host-key-unknown, host-key-changed, host-key-revoked,
   * auth-failed, connection-lost (before the command began), exec-failed. One that passes may wait for others
   * of the same host to end, but for none that lasts; a spare one waits for none, and fails where it would have to.
   */
  start(target: Target, command: string, signal: AbortSignal, use?: Use): Promise<Channel>;
  /**
   * Inside es-session: one of the places that all its steps share, for the work on one host; waits for it.
   * Throws Failure: no-session, connection-lost.
   */
  place?(signal: AbortSignal): Promise<Place>;
  /** For whom scripts lock; without it, for nobody who has a name. */
  readonly locks?: LockOwner;
  /**
   * Inside es-session: has the session take the lock of the virtualenv at `venv`, and hold it to its end. Throws
   * Failure: locked, lock-lost, and whatever a script may end with.
   */
  lock?(target: Target, venv: string, signal: AbortSignal): Promise<void>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Bytes that follow a script: their number must be known beforehand. */
export interface Payload {
  size: number;
  open(): Readable;
}

/** A POSIX sh program, complete with its arguments, to be run on a host. */
export interface Job {
  program: string;
  /** The line by which the program says on stdout that it runs; what comes before is noise of start-up files. */
  ready: string;
  become: string | undefined;
  payload: Payload | undefined;
  signal: AbortSignal;
  /** The program runs as long as the lifeline. */
  lasts?: true | undefined;
  /** Takes the program's output; awaited, so a slow taker slows the host. */
  stdout(chunk: Buffer): void | Promise<void>;
  stderr(chunk: Buffer): void;
}

/** How hosts are reached by ssh. */
export interface SshOptions {
  /** A file for `ssh -F`. */
  config: string | undefined;
  /** Learn the keys of unknown hosts. */
  acceptNew: boolean;
  /** By the system's ssh instead of ssh2. */
  openssh?: boolean;
  /** Whom to ask for passphrases and passwords, instead of the terminal's owner. */
  asker?: Asker;
}
