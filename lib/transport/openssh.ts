// The transport by the system's ssh, for what ssh2 has not: ProxyCommand, certificates, security keys, GSSAPI.
// For each host there is one master connection (ControlMaster in ssh_config(5)); commands are its sessions.

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { abortable, pause } from "../base/abort.js";
import { Tail } from "../base/bytes.js";
import { Failure } from "../base/failure.js";
import { Gate, type Place } from "../base/gate.js";
import { type Asker, TerminalAsker } from "./asker.js";
import type { Channel, Ended, SshOptions, Target, Transport } from "./contract.js";
import { Marks, marked, newMark } from "./openssh-marks.js";
import { failureFrom } from "./openssh-words.js";
import { withSecondTries } from "./second-tries.js";
import { SshQuery, type Values } from "./ssh-query.js";
import { nameOf } from "./ssh-route.js";
import { Connections } from "./ssh-sharing.js";

/** sshd begins to drop connections before authentication when there are ten (MaxStartups). */
const connectionsUnderWay = 10;
/** Of the sessions that sshd allows in a connection (MaxSessions) the master has one. */
const sessionsAtOnce = 9;
/** Milliseconds for the log-in, beyond ConnectTimeout. */
const loginTime = 30_000;
/** Milliseconds for saying good-bye. */
const farewell = 1000;
/** Bytes of what ssh says that are kept. */
const kept = 1 << 16;
/** A socket's path has 104 bytes on some systems; ssh appends 17 to its own while it makes it. */
const longestPath = 104 - 17 - 1;

/** Keys of the terminal end our programs, which then end ssh in good order; so it is not to heed them itself. */
function spawnSsh(args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn("/bin/sh", ["-c", 'trap "" INT QUIT HUP TSTP; exec ssh "$@"', "ssh", ...args]);
}

/** A private directory for sockets, which goes with this process, however that ends. */
class SocketDirectory {
  readonly path: string;
  readonly #guard: ChildProcess;
  #sockets = 0;

  constructor() {
    const name = "essay-XXXXXX/999999";
    const roots = [process.env.XDG_RUNTIME_DIR, tmpdir(), "/tmp"];
    const root = roots.find((path) => path && Buffer.byteLength(join(path, name)) <= longestPath) ?? "/tmp";
    this.path = mkdtempSync(join(root, "essay-"));
    this.#guard = spawn("/bin/sh", ["-c", 'read -r _; rm -rf -- "$0"', this.path], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#guard.on("error", () => {});
    this.#guard.stdin?.on("error", () => {});
    this.#guard.unref();
  }

  next(): string {
    return join(this.path, String(this.#sockets++));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
    this.#guard.stdin?.end();
  }
}

/** The host opens no further session in this connection, at least for now. */
class NoRoom extends Failure {}

/** A master connection that is open. */
class Master {
  readonly #host: string;
  readonly #child: ChildProcessWithoutNullStreams;
  /** What every session of it begins with. */
  readonly #args: readonly string[];
  readonly #sessions = new Gate(sessionsAtOnce);
  #open = 0;
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

  async start(command: string, signal: AbortSignal, tries = 20): Promise<Channel> {
    const place = await this.#sessions.enter(signal);
    try {
      return await this.#session(command, place, signal);
    } catch (error) {
      if (error instanceof NoRoom && this.#open > 0) {
        place.forfeit();
        return await this.start(command, signal);
      }
      place.leave();
      if (!(error instanceof NoRoom) || tries === 0) throw error;
    }
    // The sessions that have the room may not have begun yet.
    await pause(100, signal);
    return await this.start(command, signal, tries - 1);
  }

  async #session(command: string, place: Place, signal: AbortSignal): Promise<Channel> {
    if (this.#gone) throw this.#lost("before the command began");
    const mark = newMark();
    const child = spawnSsh([...this.#args, marked(command, mark)]);
    const marks = child.stderr.pipe(new Marks(mark));
    const heard = once(child.stderr, "end").catch(() => {});
    const exited = new Promise<number | null>((resolve) => {
      child.once("error", () => resolve(null));
      child.once("exit", (status) => resolve(status));
    });
    child.stdin.on("error", () => {});
    const destroy = () => {
      child.kill();
      for (const stream of [child.stdin, child.stdout, child.stderr, marks]) stream.destroy();
    };
    try {
      await abortable(Promise.race([marks.begun, exited, this.closed]), signal);
      if (!marks.hasBegun) await this.#explain(exited, heard, marks);
    } catch (error) {
      destroy();
      throw error;
    }
    this.#open++;
    const over = exited.finally(() => {
      this.#open--;
      place.leave();
    });
    const ended = Promise.race([marks.ended, this.#endWithoutMark(over, heard, marks)]);
    ended.catch(() => {}); // whoever awaits it hears of it
    return { stdin: child.stdin, stdout: child.stdout, stderr: marks, ended, destroy };
  }

  /** Returns for a login shell that is none, whose status tells; throws what else kept a command from beginning. */
  async #explain(exited: Promise<number | null>, heard: Promise<unknown>, marks: Marks): Promise<void> {
    const status = await exited;
    await heard;
    await pause(0);
    if (marks.hasBegun) return;
    const said = String(marks.read() ?? "");
    if (this.#gone || status === null) throw this.#lost("before the command began");
    if (/open failed|refused by peer|request failed/.test(said))
      throw new NoRoom("exec-failed", `${this.#host} starts no command: ${said.trim()}`);
    if (status === 255 && (await this.#isGone())) throw this.#lost("before the command began");
    if (said !== "") marks.unshift(said);
  }

  async #closedSoon(): Promise<void> {
    const enough = new AbortController();
    await Promise.race([this.closed, pause(farewell, enough.signal).catch(() => {})]);
    enough.abort();
  }

  /** Whether the connection has gone, as may be seen a moment later than in its sessions. */
  async #isGone(): Promise<boolean> {
    await this.#closedSoon();
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
    await this.#closedSoon();
    this.#child.kill();
  }
}

/** Runs commands on hosts by the system's ssh. */
export class OpensshTransport implements Transport {
  readonly #options: SshOptions;
  readonly #query: SshQuery;
  readonly #asker: Asker;
  readonly #reading = new Gate(4);
  readonly #gate = new Gate(connectionsUnderWay);
  /** A person answers one ssh after the other. */
  readonly #asking = new Gate(1);
  readonly #connections = new Connections<Master>();
  #directory: SocketDirectory | undefined;

  constructor(options: SshOptions) {
    this.#options = options;
    this.#query = new SshQuery(options.config);
    this.#asker = options.asker ?? new TerminalAsker();
  }

  start(target: Target, command: string, signal: AbortSignal): Promise<Channel> {
    const open = (giveUp: AbortSignal) => withSecondTries(() => this.#open(target, giveUp), giveUp);
    return this.#connections.start(nameOf(target), open, command, signal);
  }

  async #open(target: Target, signal: AbortSignal): Promise<Master> {
    const reading = await this.#reading.enter(signal);
    const values = await this.#query.valuesFor(target).finally(reading.leave);
    if (!values) throw new Failure("unreachable", "--ssh openssh needs ssh, which is not on this machine");
    const place = await this.#gate.enter(signal);
    try {
      return await this.#connect(target, values, true, signal);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "auth-failed" || !this.#asker.isThere) throw error;
    } finally {
      place.leave();
    }
    // Once more, so that ssh can ask on the terminal what it has to.
    const turn = await this.#asking.enter(signal);
    try {
      return await this.#connect(target, values, false, signal);
    } finally {
      turn.leave();
    }
  }

  async #connect(target: Target, values: Values, batch: boolean, signal: AbortSignal): Promise<Master> {
    this.#directory ??= new SocketDirectory();
    const { host = "" } = target;
    const path = this.#directory.next();
    const settings = this.#settings(values);
    const own = ["-v", "-M", "-S", path.replaceAll("%", "%%"), "-o", `BatchMode=${batch ? "yes" : "no"}`];
    const ready = newMark();
    const child = spawnSsh([
      ...own,
      ...settings,
      ...this.#destination(target),
      `echo ${ready}; exec cat >/dev/null`,
    ]);
    const said = new Tail(kept);
    child.stdin.on("error", () => {});
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    const output = new Tail(kept);
    const opened = new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        output.push(chunk);
        if (output.toString().includes(ready)) resolve();
      });
      child.once("error", (error) => reject(new Failure("unreachable", `cannot run ssh: ${error.message}`)));
      child.once("close", () => reject(failureFrom(host, said.toString())));
    });
    const limit = new AbortController();
    const late = new Failure("timeout", `${host} did not end the log-in within ${loginTime / 1000} s`);
    const timer = batch
      ? setTimeout(() => limit.abort(late), this.#connectTimeout(values) + loginTime)
      : undefined;
    try {
      await abortable(opened, AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    // A session that finds no master must not connect by itself.
    const session = ["-S", path.replaceAll("%", "%%"), "-o", "ControlMaster=no", "-o", "ProxyCommand=exit 1"];
    const quiet = ["-o", "LogLevel=ERROR", "-o", "BatchMode=yes"];
    return new Master(host, child, [...session, ...quiet, ...settings, ...this.#destination(target)]);
  }

  #connectTimeout(values: Values): number {
    const set = Number(values.get("connecttimeout")?.[0]);
    return (set > 0 ? set : 10) * 1000;
  }

  /** What must be as the contract says, whatever the files have. */
  #settings(values: Values): string[] {
    const one = (keyword: string) => values.get(keyword)?.[0] ?? "";
    const learns = ["accept-new", "false", "no", "off"].includes(one("stricthostkeychecking"));
    const options = [
      // A changed key is refused, and no question is asked about an unknown one.
      `StrictHostKeyChecking=${this.#options.acceptNew || learns ? "accept-new" : "yes"}`,
      "ControlPersist=no",
      "RemoteCommand=none",
      "RequestTTY=no",
      "PermitLocalCommand=no",
      "ClearAllForwardings=yes",
      "ForkAfterAuthentication=no",
      "StdinNull=no",
      "SessionType=default",
      `ConnectTimeout=${this.#connectTimeout(values) / 1000}`,
      ...(Number(one("serveraliveinterval")) > 0 ? [] : ["ServerAliveInterval=15", "ServerAliveCountMax=3"]),
    ];
    const { config } = this.#options;
    return [...(config === undefined ? [] : ["-F", config]), ...options.flatMap((option) => ["-o", option])];
  }

  #destination({ host = "", user, port }: Target): string[] {
    return [
      ...(user === undefined ? [] : ["-l", user]),
      ...(port === undefined ? [] : ["-p", String(port)]),
      "--",
      host,
    ];
  }

  async close(): Promise<void> {
    await this.#connections.close();
    this.#directory?.remove();
  }
}
