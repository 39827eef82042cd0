// Where lib/remote/check.sh asks, and what it reports.

import type { Check } from "../base/schema.js";
import type { Ask } from "./asks.js";

/** The address to connect to for one that processes are bound to: for all addresses, the loopback one. */
export function addressFor(bind: string | undefined): string {
  if (bind === undefined || bind === "0.0.0.0") return "127.0.0.1";
  return bind === "::" ? "::1" : bind;
}

/** True where processes that are bound to this are to be asked at the host's own address from elsewhere. */
export function isAnyAddress(bind: string | undefined): boolean {
  return bind === undefined || bind === "0.0.0.0" || bind === "::";
}

/** The URL of a path on a port. */
function urlFor(address: string, port: number, path: string): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}${path}`;
}

/** The outcome of one ask; `wrong` says why it is not ok. */
export interface Outcome extends Check {
  wrong: string;
}

/** Reads a line "NUMBER STATUS MILLISECONDS OK WHY"; `path` is undefined where no page was asked for. */
export function parseOutcome(
  line: string,
  asks: readonly Ask[],
  address: string,
  path: string | undefined,
): Outcome {
  const [number = "", status = "", ms = "", ok = "", ...why] = line.split(" ");
  const { name, port } = asks[Number(number)] ?? {};
  return {
    ...(name !== undefined && { name }),
    port: port ?? null,
    url: path === undefined || port === undefined ? null : urlFor(address, port, path),
    status: /^-?\d+$/.test(status) ? Number(status) : status,
    ms: Number(ms),
    ok: ok === "1",
    wrong: why.join(" "),
  };
}

/** For people: what was asked, and why it is not well. */
export function describeWrong({ name, port, url, wrong }: Outcome): string {
  const where = url ?? (port === null ? undefined : `port ${port}`);
  return [name, where, wrong].filter((part) => part !== undefined).join(": ");
}
