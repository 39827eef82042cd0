// How long something takes. `performance` would say the same, but Node loads nine modules for it: too much for programs
// that are started for each step.

/** Milliseconds since a moment that stays the same while the process runs; not even setting the clock changes them. */
export function milliseconds(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
