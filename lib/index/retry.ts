// Trying again what may well go right the next time.

import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../base/failure.js";

/** True for what passes by itself: a busy or restarting server, a connection that was cut. */
export function mayPass(error: unknown): boolean {
  return error instanceof Failure && /^(reset|http-(408|429|500|502|503|504))$/.test(error.code);
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { ...(signal && { signal }) });
  } catch {
    signal?.throwIfAborted();
  }
}

/** Runs `attempt`; when it fails in a way that may pass, again after each of the pauses (milliseconds). */
export async function persist<T>(
  attempt: () => Promise<T>,
  pauses: readonly number[],
  signal?: AbortSignal,
): Promise<T> {
  for (const ms of pauses) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await pause(ms, signal);
    }
  }
  return attempt();
}
