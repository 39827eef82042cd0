// The names that stand for a pipeline.

import { builtinAliases } from "./builtin.js";

/** The built-in aliases and those of the configuration, which go before them. */
export function knownAliases(own: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...builtinAliases, ...own };
}

/** An alias of two words, such as "nginx reload", goes before the program that the first word names. */
export function nameIn(name: string, args: readonly string[]): [name: string, args: readonly string[]] {
  const both = `${name} ${args[0]}`;
  return Object.hasOwn(builtinAliases, both) ? [both, args.slice(1)] : [name, args];
}
