// A stream to a host's sshd: its name is looked up and connected to, from here or by a host on the way.

import { lookup } from "node:dns/promises";
import { connect as connectTo, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getSystemErrorMap } from "node:util";
import { abortable } from "../base/abort.js";
import { Failure } from "../base/failure.js";
import { tooManyHosts } from "./descriptors.js";
import { Passing } from "./second-tries.js";
import type { SshSettings } from "./ssh-settings.js";

/** A host on the way, which connects to others for us. */
export interface Bastion {
  /** Throws Failure: refused, timeout, unresolved, unreachable; connection-lost when it went itself. */
  forward(where: string, hostname: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** Host as the record names it, and where that leads, for messages. */
export function whereabouts(host: string, { hostname, port }: SshSettings): string {
  return host === hostname ? `${host} port ${port}` : `${host} (${hostname} port ${port})`;
}

async function resolve(host: string, settings: SshSettings, signal: AbortSignal): Promise<string[]> {
  const { hostname, family } = settings;
  if (isIP(hostname)) return [hostname];
  try {
    const found = await abortable(lookup(hostname, { all: true, family }), signal);
    return found.map(({ address }) => address);
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    throw new Passing("unresolved", `cannot look up ${whereabouts(host, settings)}: ${code}`);
  }
}

function socketFailure(where: string, error: NodeJS.ErrnoException): Failure {
  if (error.code === "ECONNREFUSED")
    return new Failure("refused", `${where} refuses connections: nobody listens there`);
  if (error.code === "EMFILE") return tooManyHosts(`no further file can be opened for ${where}`);
  if (error.code === "ETIMEDOUT") return new Failure("timeout", `${where} does not answer`);
  if (error.code === "ECONNRESET")
    return new Passing("unreachable", `${where} hung up before the log-in: ${error.message}`);
  // Such as "network is unreachable"; Node's own message repeats the address.
  const [, why = error.message] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  return new Failure("unreachable", `cannot reach ${where}: ${why}`);
}

/** Connects to one address; rejects with Failure "timeout" after `limit` milliseconds. */
function connectSocket(
  where: string,
  address: string,
  { port, bindAddress }: SshSettings,
  limit: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTo({
      host: address,
      port,
      noDelay: true,
      ...(bindAddress !== undefined && { localAddress: bindAddress }),
    });
    const end = (error: unknown) => {
      socket.destroy();
      reject(error);
    };
    const aborted = () => end(signal.reason);
    const timer = setTimeout(
      () => end(new Failure("timeout", `${where} does not answer within ${limit / 1000} s`)),
      limit,
    );
    socket.once("error", (error) => end(socketFailure(where, error)));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("close", () => clearTimeout(timer));
    socket.once("connect", () => clearTimeout(timer));
    signal.addEventListener("abort", aborted, { once: true });
    for (const event of ["connect", "close"])
      socket.once(event, () => signal.removeEventListener("abort", aborted));
  });
}

/** A socket to the first of the addresses that answers; each has its share of the time. */
export async function reach(host: string, settings: SshSettings, signal: AbortSignal): Promise<Socket> {
  const addresses = await resolve(host, settings, signal);
  const limit = Math.ceil(settings.connectTimeout / addresses.length);
  let failure: unknown;
  for (const address of addresses) {
    const { hostname } = settings;
    const where = whereabouts(host, settings) + (address === hostname ? "" : ` at ${address}`);
    try {
      return await connectSocket(where, address, settings, limit, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure ??= error;
    }
  }
  throw failure;
}

/** A stream to the host by way of another one. */
export async function reachThrough(
  bastion: Bastion,
  host: string,
  settings: SshSettings,
  signal: AbortSignal,
): Promise<Duplex> {
  const { hostname, port, connectTimeout } = settings;
  const where = whereabouts(host, settings);
  const late = new Failure("timeout", `${where} does not answer within ${connectTimeout / 1000} s`);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(late), connectTimeout);
  try {
    return await bastion.forward(where, hostname, port, AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    // It is opened anew for the next try.
    if (error instanceof Failure && error.code === "connection-lost")
      throw new Passing("unreachable", error.message);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
