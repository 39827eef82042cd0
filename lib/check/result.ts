// What lib/remote/check.sh is told and what it reports.

import type { Check } from "../base/schema.js";

/** The address to connect to for one that processes are bound to: for all addresses, the loopback one. */
export function addressFor(bind: string | undefined): string {
  if (bind === undefined || bind === "0.0.0.0") return "127.0.0.1";
  return bind === "::" ? "::1" : bind;
}

/** The URL of a path on a port. */
export function urlFor(address: string, port: number, path: string): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}${path}`;
}

/** One port's outcome; `wrong` says why it is not ok. */
export interface Outcome extends Check {
  wrong: string;
}

/** Reads a line "PORT STATUS MILLISECONDS OK WHY"; `path` is undefined for a check by TCP. */
export function parseOutcome(line: string, address: string, path: string | undefined): Outcome {
  const [port = "", status = "", ms = "", ok = "", ...why] = line.split(" ");
  return {
    port: Number(port),
    url: path === undefined ? null : urlFor(address, Number(port), path),
    status: /^\d+$/.test(status) ? Number(status) : status,
    ms: Number(ms),
    ok: ok === "1",
    wrong: why.join(" "),
  };
}
