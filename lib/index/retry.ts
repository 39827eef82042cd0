// Trying again what may well go right the next time.

import { pause } from "../base/abort.js";
import { Failure } from "../base/failure.js";

/** An answer that asks us to come back later (429, 503). */
export class Busy extends Failure {
  /** After how many milliseconds, where it says so. */
  readonly after: number | undefined;
  constructor(code: string, message: string, after: number | undefined) {
    super(code, message);
    this.after = after;
  }
}

/** Milliseconds for which a Retry-After is heeded; who asks for more has a longer trouble than a pause mends. */
const longest = 60_000;

/** What a Retry-After header asks for, in milliseconds: seconds, or a date (RFC 9110, section 10.2.3). */
export function readRetryAfter(header: string | undefined, present = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = /GMT$/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - present);
}

/** The failure "http-NNN" that an answer is; one that asks to come back later says when. */
export function unwell(status: number, sentence: string, retryAfter: string | undefined): Failure {
  if (status !== 429 && status !== 503) return new Failure(`http-${status}`, sentence);
  const after = readRetryAfter(retryAfter);
  const later = after === undefined ? "" : `; it asks to come back in ${Math.ceil(after / 1000)} s`;
  return new Busy(`http-${status}`, `${sentence}${later}`, after);
}

/**
 * True for what passes by itself: a busy or restarting server, a connection that was cut; 520 and so on are what
 * proxies answer that found the server so (Cloudflare, "5xx errors").
 */
export function mayPass(error: unknown): boolean {
  if (error instanceof Busy && (error.after ?? 0) > longest) return false;
  return error instanceof Failure && /^(reset|http-(408|429|500|502|503|504|52\d))$/.test(error.code);
}

/** The pause before the next attempt: `ms`, or what the server asks for, if that is longer. */
export function pauseAfter(error: unknown, ms: number): number {
  return error instanceof Busy ? Math.max(ms, error.after ?? 0) : ms;
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
      await pause(pauseAfter(error, ms), signal);
    }
  }
  return attempt();
}
