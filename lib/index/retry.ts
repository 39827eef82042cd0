// Trying again what may well go right the next time.

import { pause } from "../base/abort.js";
import { Failure } from "../base/failure.js";

/** True for what passes by itself: a busy or restarting server, a connection that was cut. */
export function mayPass(error: unknown): boolean {
  return error instanceof Failure && /^(reset|http-(408|429|500|502|503|504))$/.test(error.code);
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
