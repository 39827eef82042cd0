// Keys that essay.toml(5) has and that no program heeds yet: whoever would, says so.

import { isObject } from "../base/json.js";
import type { Config } from "./load.js";

function isSet(values: unknown, key: string): boolean {
  const [first = "", ...rest] = key.split(".");
  if (!isObject(values) || !Object.hasOwn(values, first)) return false;
  return rest.length === 0 || isSet(values[first], rest.join("."));
}

/** Warns of those of these keys that are set. */
export function warnUnheeded(config: Config, keys: readonly string[], warn: (line: string) => void): void {
  for (const key of keys) if (isSet(config.values, key)) warn(`${key} in ${config.file} has no effect yet`);
}
