// JSON values as types, the test whether a value is an object, and logs of values, each on a line.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The values in the lines of a log that are such; a full disk, or a hand, may have left other lines. */
export function jsonLines<T>(lines: readonly string[], isSuch: (value: unknown) => value is T): T[] {
  return lines.flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isSuch(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}
