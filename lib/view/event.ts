// What steps tell the live view of their work.

/** What a step does just now. `host` is what the record is called in messages. */
export type Event =
  /** The step works on records, and has begun. */
  | { what: "step" }
  /** A record has come in, or was made; `of` belong together. */
  | { what: "came"; host: string; of?: number }
  /** The work on a record has begun. */
  | { what: "begun"; host: string }
  /** It has ended after `ms` milliseconds: `said` in a clause, or failed with a code. */
  | { what: "done"; host: string; ms: number; said: string; code?: string }
  /** How far the step's work on all that it has in hand has come. */
  | { what: "doing"; said: string };

/** An event, by which step: the number of its stage in the pipeline, from 0, and its name. */
export type Told = Event & { stage: number; step: string };

/** An event as it came from a step; undefined where it is none that we know. */
export function eventOf(value: Record<string, unknown>): Told | undefined {
  const { what, stage, step, host, of, ms, said, code } = value;
  if (typeof stage !== "number" || typeof step !== "string") return undefined;
  const by = { stage, step };
  if (what === "step") return { what, ...by };
  if (what === "doing" && typeof said === "string") return { what, said, ...by };
  if (typeof host !== "string") return undefined;
  if (what === "came") return { what, host, ...(typeof of === "number" && { of }), ...by };
  if (what === "begun") return { what, host, ...by };
  if (what !== "done" || typeof ms !== "number" || typeof said !== "string") return undefined;
  return { what, host, ms, said, ...(typeof code === "string" && { code }), ...by };
}
