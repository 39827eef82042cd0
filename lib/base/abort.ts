// Waiting that an abort ends.

import { setTimeout as timer } from "node:timers/promises";

/** Settles as `promise` does, or rejects with the abort's reason as soon as it comes. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {}); // whatever it comes to, nobody waits for it any more
    throw signal.reason;
  }
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Resolves when `promise` has settled, however it did, and after `ms` milliseconds at the latest. */
export async function settledWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  const settled = promise.then(
    () => {},
    () => {},
  );
  const enough = new AbortController();
  await Promise.race([settled, pause(ms, enough.signal).catch(() => {})]);
  enough.abort();
}

/** Waits `ms` milliseconds; rejects with the abort's reason as soon as it comes. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await timer(ms, undefined, { ...(signal && { signal }) }).catch(() => {});
  signal?.throwIfAborted();
}
