// Fewer of the hosts that a role names: --limit and --exclude.

import { UsageError } from "../base/failure.js";
import { globMatches } from "../base/glob.js";
import { didYouMean } from "../base/nearest.js";
import { expandRanges } from "./address.js";
import type { Host } from "./inventory.js";

/** The names by which a host may be meant: as it is typed, with and without user and port. */
function namesOf({ host, user, port }: Host): string[] {
  const place = host.includes(":") ? `[${host}]` : host;
  const at = user === undefined ? "" : `${user}@`;
  const behind = port === undefined ? "" : `:${port}`;
  return [host, `${at}${host}`, place, `${at}${place}`, `${place}${behind}`, `${at}${place}${behind}`];
}

/** The patterns of a flag: lists with commas, save within the brackets of a range. */
const patternsOf = (values: readonly string[]) =>
  values.flatMap((value) => value.split(/,(?![^[]*\])/)).map((pattern) => pattern.trim());

/** The hosts that some pattern matches. Throws UsageError for a pattern that matches none. */
function matching(hosts: readonly Host[], flag: string, values: readonly string[]): Set<Host> {
  const found = new Set<Host>();
  const named = hosts.map((host) => ({ host, names: namesOf(host) }));
  for (const pattern of patternsOf(values)) {
    if (pattern === "") throw new UsageError(`${flag} ${values.join(" ")}: there is an empty name in it`);
    const patterns = expandRanges(pattern);
    const some = named.filter(
      ({ host, names }) =>
        host.roles.includes(pattern) || names.some((name) => patterns.some((one) => globMatches(one, name))),
    );
    if (some.length === 0) {
      const hint = didYouMean(
        pattern,
        new Set(named.flatMap(({ host, names }) => [...names, ...host.roles])),
      );
      const count = hosts.length === 1 ? "the one host" : `any of the ${hosts.length} hosts`;
      throw new UsageError(`${flag} ${pattern} is not the name or a role of ${count}${hint}`);
    }
    for (const { host } of some) found.add(host);
  }
  return found;
}

/**
 * The hosts, in their order, that `limit` names, or all where it is empty, without those that `exclude` names.
 * Both are roles, and names of hosts with `*`, `?` and ranges. Throws UsageError for one that names no host:
 * mistyped, it would leave out too much or too little.
 */
export function narrow(hosts: readonly Host[], limit: readonly string[], exclude: readonly string[]): Host[] {
  if (hosts.length === 0) return []; // there is nothing that a name could be mistyped of
  const wanted = limit.length > 0 ? matching(hosts, "--limit", limit) : new Set(hosts);
  const unwanted = matching(hosts, "--exclude", exclude);
  return hosts.filter((host) => wanted.has(host) && !unwanted.has(host));
}
