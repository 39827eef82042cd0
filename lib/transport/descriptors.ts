// Room for connections: each is a descriptor of this process, or a few, and the system limits those
// (RLIMIT_NOFILE). Better no host is reached than half of them.

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { Failure } from "../base/failure.js";
import type { Target } from "./contract.js";

/** Descriptors beside connections: steps in a session, programs that run, files. */
const reserve = 64;

/**
 * How many descriptors this process may have, and how many it has. Node raises the soft limit to the hard one when it
 * starts. Undefined where there is no /proc.
 */
function descriptors(): { limit: number; used: number } | undefined {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return limit === undefined
      ? undefined
      : { limit: Number(limit), used: readdirSync("/proc/self/fd").length };
  } catch {
    return undefined;
  }
}

/** The failure of a host for which there is no descriptor. */
export function tooManyHosts(what: string): Failure {
  return new Failure(
    "too-many-hosts",
    `${what}: raise the limit (ulimit -n) for this program, and for es-session where it runs in one, or take fewer hosts at a time`,
  );
}

/** A child with its pipes, which Node leaves out where no further file can be opened. Throws "too-many-hosts" then. */
export function withPipes(
  child: ChildProcessWithoutNullStreams,
  what: string,
): ChildProcessWithoutNullStreams {
  if (child.stdin as Writable | undefined) return child;
  child.on("error", () => {}); // this is what it would tell
  throw tooManyHosts(`no further file can be opened for ${what}`);
}

/** Looks, before the first host of a batch is reached, whether there is room for all of it. */
export class Room {
  readonly #each: number;
  readonly #looked = new Map<string, Failure | undefined>();

  /** `each`: descriptors that a connection takes. */
  constructor(each: number) {
    this.#each = each;
  }

  /** `connections`: how many of them are open. Throws Failure "too-many-hosts". */
  check({ batch }: Target, connections: { readonly open: number }): void {
    if (batch === undefined) return;
    if (!this.#looked.has(batch.id)) this.#looked.set(batch.id, this.#look(batch.size, connections.open));
    const failure = this.#looked.get(batch.id);
    if (failure) throw failure;
  }

  #look(hosts: number, open: number): Failure | undefined {
    const now = descriptors();
    if (now === undefined) return undefined;
    const needed = now.used + reserve + Math.max(0, hosts - open) * this.#each;
    if (needed <= now.limit) return undefined;
    return tooManyHosts(
      `connections to ${hosts} hosts need ${needed} open files, and one process may have ${now.limit}`,
    );
  }
}
