// The transport by the system's ssh, for what ssh2 has not: ProxyCommand, certificates, security keys, GSSAPI. It
// opens one master connection for each host, which asks on the terminal by itself.

import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { abortable } from "../base/abort.js";
import { Tail } from "../base/bytes.js";
import { Failure } from "../base/failure.js";
import { Gate } from "../base/gate.js";
import { type Asker, TerminalAsker } from "./asker.js";
import type { Channel, SshOptions, Target, Transport, Use } from "./contract.js";
import { Room } from "./descriptors.js";
import { newMark } from "./openssh-marks.js";
import { Master, spawnSsh } from "./openssh-master.js";
import { SocketDirectory } from "./openssh-sockets.js";
import { failureFrom } from "./openssh-words.js";
import { withSecondTries } from "./second-tries.js";
import { destination, SshQuery, type Values } from "./ssh-query.js";
import { nameOf } from "./ssh-route.js";
import { Connections } from "./ssh-sharing.js";

/** sshd begins to drop connections before authentication when there are ten (MaxStartups). */
const connectionsUnderWay = 10;
/** Descriptors for a connection: stdin, stdout and stderr of its ssh. */
const pipesOfSsh = 3;
/** Milliseconds for the log-in, beyond ConnectTimeout. */
const loginTime = 30_000;
/** Bytes of what ssh and the host say that are kept. */
const kept = 1 << 16;

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
  readonly #room = new Room(pipesOfSsh);
  #directory: SocketDirectory | undefined;

  constructor(options: SshOptions) {
    this.#options = options;
    this.#query = new SshQuery(options.config);
    this.#asker = options.asker ?? new TerminalAsker();
  }

  start(target: Target, command: string, signal: AbortSignal, use?: Use): Promise<Channel> {
    const open = async (giveUp: AbortSignal) => {
      this.#room.check(target, this.#connections);
      const values = await this.#valuesFor(target, giveUp);
      return withSecondTries(() => this.#open(target, values, giveUp), giveUp);
    };
    return this.#connections.start(nameOf(target), open, command, signal, use);
  }

  async #valuesFor(target: Target, signal: AbortSignal): Promise<Values> {
    const reading = await this.#reading.enter(signal);
    const values = await this.#query.valuesFor(target).finally(reading.leave);
    if (!values) throw new Failure("unreachable", "--ssh openssh needs ssh, which is not on this machine");
    return values;
  }

  async #open(target: Target, values: Values, signal: AbortSignal): Promise<Master> {
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
    const release = await this.#asker.hold?.();
    try {
      return await this.#connect(target, values, false, signal);
    } finally {
      release?.();
      turn.leave();
    }
  }

  async #connect(target: Target, values: Values, batch: boolean, signal: AbortSignal): Promise<Master> {
    this.#directory ??= new SocketDirectory();
    const { host = "" } = target;
    const path = this.#directory.next();
    const log = `${path}.log`;
    const socket = ["-S", path.replaceAll("%", "%%")];
    const limit = this.#connectTimeout(values) + loginTime;
    const settings = [...this.#settings(values), ...destination(target, this.#options.config)];
    const ready = newMark();
    const own = ["-v", "-E", log, "-M", ...socket, "-o", `BatchMode=${batch ? "yes" : "no"}`];
    const child = spawnSsh([...own, ...settings, `echo ${ready}; exec cat >/dev/null`]);
    const stderr = new Tail(kept);
    const stdout = new Tail(kept);
    child.stdin.on("error", () => {});
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    const opened = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        stdout.push(chunk);
        if (stdout.toString().includes(ready)) resolve();
      });
    });
    const gone = once(child, "close").then(
      async ([status]: (number | null)[]) => {
        const said = await readFile(log, "utf8").catch(() => "");
        throw failureFrom(host, { own: said, stderr: stderr.toString(), status: status ?? null });
      },
      (error: Error) => {
        throw new Failure("unreachable", `cannot run ssh: ${error.message}`);
      },
    );
    gone.catch(() => {}); // it ends some time
    const late = new AbortController();
    const why = new Failure("timeout", `${host} did not end the log-in within ${limit / 1000} s`);
    // A person may take longer.
    const timer = batch ? setTimeout(() => late.abort(why), limit) : undefined;
    try {
      await abortable(Promise.race([opened, gone]), AbortSignal.any([signal, late.signal]));
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      clearTimeout(timer);
      await rm(log, { force: true });
    }
    // A session that finds no master must not connect by itself.
    const session = [...socket, "-o", "ControlMaster=no", "-o", "ProxyCommand=exit 1"];
    return new Master(host, child, [...session, "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", ...settings]);
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
    return options.flatMap((option) => ["-o", option]);
  }

  async close(): Promise<void> {
    await this.#connections.close();
    await this.#directory?.remove();
  }
}
