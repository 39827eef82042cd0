// Trying again where that may help: name look-ups, and connections that are dropped before the log-in.

import { pause } from "../base/abort.js";
import { Failure } from "../base/failure.js";

/** Trouble that may be gone at the next try. */
export class Passing extends Failure {}

/** Milliseconds before the second, third and fourth try; each is lengthened by up to a half, at random. */
const pauses = [300, 900, 2700];

/** Repeats `attempt` while it throws Passing; nothing else is tried again. It is told how many tries failed. */
export async function withSecondTries<T>(
  attempt: (failed: number) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (const [failed, ms] of pauses.entries()) {
    try {
      return await attempt(failed);
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      await pause(ms * (1 + Math.random() / 2), signal);
    }
  }
  return attempt(pauses.length);
}
