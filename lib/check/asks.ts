// What is asked of a host's processes, as the record has them.

import { Failure } from "../base/failure.js";
import type { Process } from "../base/schema.js";

/** One thing to ask: a port, or whether a process goes on running. Neither: a command, once for the host. */
export interface Ask {
  /** The process. */
  name?: string;
  port?: number;
  pid?: number;
}

/** States of supervisord in which a process runs, or may soon. */
const hopeful = ["RUNNING", "STARTING", "BACKOFF"];

/**
 * What to ask. A process that has no port must be RUNNING, and go on; one that was stopped on purpose is left alone.
 * Whatever listens on the port of a process that does not run is another one. Throws Failure: check-failed,
 * no-processes.
 */
export function asksOf(processes: readonly Process[]): Ask[] {
  const bad = processes.find(
    ({ state, port }) =>
      state !== "STOPPED" && state !== "RUNNING" && (port === null || !hopeful.includes(state)),
  );
  if (bad) throw new Failure("check-failed", `${bad.name} is ${bad.state}`);
  const awake = processes.filter(({ state }) => state !== "STOPPED");
  if (awake.length === 0)
    throw new Failure(
      "no-processes",
      processes.length === 0
        ? "the record has no processes: run es-supervisor up, or es-supervisor status, before"
        : "all processes are STOPPED: there is nothing to check",
    );
  return awake.flatMap(({ name, port, pid }): Ask[] => {
    if (port !== null) return [{ name, port }];
    return pid === null ? [] : [{ name, pid }];
  });
}
