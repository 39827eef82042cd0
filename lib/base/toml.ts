// TOML: a text read, or what is wrong with it, and where.

import { escaped, unprintable } from "./printable.js";

/** What a TOML text holds, or the line (from 1) and the reason why it is none. */
export async function parseToml(
  text: string,
): Promise<{ document: Record<string, unknown> } | { line: number; reason: string }> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return { document: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    return { line: error.line, reason };
  }
}

export type TomlValue = string | number | boolean | TomlValue[] | { [key: string]: TomlValue };

/** A text as a basic string of TOML 1.0, on one line; what a terminal would obey is escaped, too. */
export function tomlText(text: string): string {
  // JSON's escapes are TOML's; of control characters it leaves out DEL, C1 and those of direction.
  return JSON.stringify(text).replace(unprintable, escaped);
}

/** A key, in quotes where it must be. */
export function tomlKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : tomlText(key);
}

/** A value as it stands behind `=`. Long lists have a line for each item. */
export function tomlValue(value: TomlValue): string {
  if (typeof value === "string") return tomlText(value);
  if (Array.isArray(value)) {
    const items = value.map(tomlValue);
    const line = `[${items.join(", ")}]`;
    return line.length <= 80 ? line : `[\n${items.map((item) => `    ${item},\n`).join("")}]`;
  }
  if (typeof value !== "object") return String(value);
  const pairs = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`);
  return pairs.length > 0 ? `{ ${pairs.join(", ")} }` : "{}";
}
