// When something was, as records, the history and reports tell it.

/** A moment in UTC in whole seconds, what is over cut off: "2026-01-31T08:00:00Z" (RFC 3339). Now, unless told. */
export function timestamp(moment: Date | number = Date.now()): string {
  return new Date(moment).toISOString().replace(/\.\d+Z$/, "Z");
}
