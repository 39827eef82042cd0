// Hosts as people type them: web1.example.com, user@10.0.0.7:2222, [::1]:22, web[01-20].example.com, @local.

import { UsageError } from "../base/failure.js";

export interface Address {
  host: string;
  user?: string;
  port?: number;
  transport: "ssh" | "local";
}

const mostHosts = 100_000;

/** True for a word that is a host and not the name of a role: it has a dot, colon, `@` or bracket. */
export function looksLikeHost(word: string): boolean {
  return /[.:@[\]]/.test(word);
}

/** The numbers of one part of a range, such as `7`, `01-20` or `10-50/10`, as texts. */
function numbersOf(word: string, part: string): string[] {
  const [, first, last, step = "1"] = /^(\d{1,15})(?:-(\d{1,15})(?:\/(\d{1,15}))?)?$/.exec(part) ?? [];
  if (first === undefined) throw new UsageError(`host ${word}: ${notARange}`);
  const [from, to, by] = [Number(first), Number(last ?? first), Number(step)];
  if (from > to) throw new UsageError(`host ${word}: the range [${part}] ends before it begins`);
  if (by === 0) throw new UsageError(`host ${word}: the range [${part}] has no step of 0`);
  const count = Math.floor((to - from) / by) + 1;
  if (count > mostHosts)
    throw new UsageError(`host ${word}: the range [${part}] is more than ${mostHosts} hosts`);
  const width = first.startsWith("0") ? first.length : 0;
  return Array.from({ length: count }, (_, i) => String(from + i * by).padStart(width, "0"));
}

const notARange = "a range is written [1-20] or [01-20], with a step [10-50/10], or as a list [1-3,7]";

/**
 * `web[01-03].x` as web01.x, web02.x, web03.x; also with steps, `[10-50/10]`, and lists, `[1-3,7]`. Several
 * ranges multiply. A word without a range is itself.
 */
export function expandRanges(word: string): string[] {
  const found = /\[([\d,/-]+)\]/.exec(word);
  if (!found) {
    // What is left in brackets may only be an IPv6 address.
    if (/[[\]]/.test(word) && !/^([^@]*@)?\[[0-9a-fA-F:.%\w]*:[^\]]*\](:\d+)?$/.test(word))
      throw new UsageError(`host ${word}: ${notARange}`);
    return [word];
  }
  const [range, parts = ""] = found;
  const numbers = parts.split(",").flatMap((part) => numbersOf(word, part));
  const before = word.slice(0, found.index);
  const after = expandRanges(word.slice(found.index + range.length));
  if (numbers.length * after.length > mostHosts)
    throw new UsageError(`host ${word}: ${range} and what follows it are more than ${mostHosts} hosts`);
  return numbers.flatMap((number) => after.map((rest) => `${before}${number}${rest}`));
}

function parsePort(word: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    throw new UsageError(`host ${word}: a port is a number from 1 to 65535, not ${JSON.stringify(text)}`);
  return port;
}

/** One host without ranges. Throws UsageError that names the word and what is wrong with it. */
export function parseAddress(word: string): Address {
  if (word === "@local") return { host: "@local", transport: "local" };
  const at = word.lastIndexOf("@");
  const user = word.slice(0, Math.max(at, 0));
  const place = word.slice(at + 1);
  if (at === 0) throw new UsageError(`host ${word}: no user before @; this machine itself is @local`);
  if (at > 0 && !/^[\w][\w.@+-]*\$?$/.test(user))
    throw new UsageError(`host ${word}: ${JSON.stringify(user)} is not the name of a user`);
  if (at > 0 && place === "local")
    throw new UsageError(
      `host ${word}: this machine itself is @local, without a user; a host named local is ${user}@local:22`,
    );
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(place);
  const colons = place.split(":").length - 1;
  const [, host = "", port] =
    bracketed ?? (colons === 1 ? (/^([^:]*):(.*)$/.exec(place) ?? []) : ["", place]);
  if (host === "" || host.startsWith("-") || !/^[\w][\w.%:-]*$|^::[\w.%:]*$/.test(host))
    throw new UsageError(`host ${word}: ${JSON.stringify(host)} is not the name or address of a host`);
  return {
    host,
    transport: "ssh",
    ...(at > 0 && { user }),
    ...(port !== undefined && { port: parsePort(word, port) }),
  };
}
