// Which hosts are meant: roles of the configuration and hosts given by hand, each host once.

import { UsageError } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { type Address, expandRanges, looksLikeHost, parseAddress } from "./address.js";

/** A role as the configuration has it: a list of hosts, or hosts with what holds for all of them. */
export type RoleConfig = readonly string[] | RoleTable;
interface RoleTable extends Common {
  hosts: readonly string[];
}
interface Common {
  user?: string;
  port?: number;
  prefix?: string;
  bind?: string;
  become?: string;
  index?: string;
  vars?: Readonly<Record<string, string | number | boolean>>;
}

/** A host with all that its roles say about it. */
export interface Host extends Common, Address {
  roles: string[];
}

/** What was asked for, in order. */
export interface Asked {
  /** A word of the command line: a role, or a host if it looks like one. */
  word: string;
  /** It is a host, whatever it looks like. */
  host?: true;
  /** All that is known about it, where it came as a record. */
  known?: Host;
}

function fromAddress(word: string, role: string | undefined, common: Common): Host[] {
  return expandRanges(word).map((one) => {
    const address = parseAddress(one);
    const { bind, ...others } = common;
    return {
      ...others,
      ...address,
      ...(bind !== undefined && { bind: bind.replaceAll("{host}", address.host) }),
      roles: role === undefined ? [] : [role],
    };
  });
}

function fromRole(name: string, roles: Readonly<Record<string, RoleConfig>>): Host[] {
  if (!Object.hasOwn(roles, name)) {
    const none = Object.keys(roles).length === 0 ? "; no role is configured" : "";
    throw new UsageError(
      `there is no role ${name}${didYouMean(name, Object.keys(roles))}${none} (a host without a dot goes after -H)`,
    );
  }
  const role = roles[name] as RoleConfig;
  const { hosts, ...common }: RoleTable = "hosts" in role ? role : { hosts: role };
  if (hosts.length === 0) throw new UsageError(`the role ${name} has no hosts`);
  return hosts.flatMap((word) => fromAddress(word, name, common));
}

const merged = ["prefix", "bind", "become", "index"] as const;

/** What the roles of a host say about it, by the keys of the configuration. */
function said(host: Host): [key: string, value: string | number | boolean | undefined][] {
  return [
    ...merged.map((key): [string, string | undefined] => [key, host[key]]),
    ...Object.entries(host.vars ?? {}).map(([name, value]): [string, typeof value] => [
      `vars.${name}`,
      value,
    ]),
  ];
}

/** `more` says something else about the same host; what both say must agree. */
function merge(host: Host, more: Host): Host {
  const before = new Map(said(host));
  for (const [key, value] of said(more)) {
    const other = before.get(key);
    if (other !== undefined && value !== undefined && other !== value)
      throw new UsageError(
        `${host.host} has two values for ${key}: ${other} (${host.roles.join(", ")}) and ${value} (${more.roles.join(", ")})`,
      );
  }
  const vars = { ...host.vars, ...more.vars };
  return {
    ...host,
    ...more,
    roles: [...new Set([...host.roles, ...more.roles])],
    ...(Object.keys(vars).length > 0 && { vars }),
  };
}

/** True when all that one says about user and port, the other says, too: `web1` and `me@web1` are one host. */
function isSame(one: Address, other: Address): boolean {
  const within = (a: Address, b: Address) =>
    (a.user === undefined || a.user === b.user) && (a.port === undefined || a.port === b.port);
  return within(one, other) || within(other, one);
}

const mostHosts = 100_000;

/**
 * The hosts that were asked for, in order, each once: another user or port is another host, unless only one of
 * the two says it. `overrides` is laid over what roles and addresses say. Throws UsageError.
 */
export function selectHosts(
  asked: readonly Asked[],
  roles: Readonly<Record<string, RoleConfig>>,
  overrides: Common,
): Host[] {
  const found: Host[] = [];
  // Places in `found`, by the name of the host.
  const places = new Map<string, number[]>();
  for (const { word, host: isHost, known } of asked) {
    const some = known
      ? [known]
      : isHost || looksLikeHost(word)
        ? fromAddress(word, undefined, {})
        : fromRole(word, roles);
    for (const one of some) {
      const { vars = {}, bind, ...others } = overrides;
      const all = { ...one.vars, ...vars };
      const host: Host = {
        ...one,
        ...others,
        ...(bind !== undefined && { bind: bind.replaceAll("{host}", one.host) }),
        ...(Object.keys(all).length > 0 && { vars: all }),
      };
      const near = places.get(host.host) ?? [];
      const place = near.find((index) => isSame(found[index] as Host, host));
      if (place !== undefined) found[place] = merge(found[place] as Host, host);
      else places.set(host.host, [...near, found.push(host) - 1]);
    }
    if (found.length > mostHosts) throw new UsageError(`these are more than ${mostHosts} hosts`);
  }
  return found;
}
