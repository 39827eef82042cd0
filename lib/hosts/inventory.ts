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

/**
 * The hosts that were asked for, in order, each once: the same user, host and port is the same host.
 * `overrides` is laid over what roles and addresses say. Throws UsageError.
 */
export function selectHosts(
  asked: readonly Asked[],
  roles: Readonly<Record<string, RoleConfig>>,
  overrides: Common,
): Host[] {
  const found = new Map<string, Host>();
  for (const { word, host: isHost } of asked) {
    const some = isHost || looksLikeHost(word) ? fromAddress(word, undefined, {}) : fromRole(word, roles);
    for (const one of some) {
      const { vars = {}, bind, ...others } = overrides;
      const all = { ...one.vars, ...vars };
      const host: Host = {
        ...one,
        ...others,
        ...(bind !== undefined && { bind: bind.replaceAll("{host}", one.host) }),
        ...(Object.keys(all).length > 0 && { vars: all }),
      };
      const key = `${host.user ?? ""}@${host.host}:${host.port ?? ""}`;
      const before = found.get(key);
      found.set(key, before ? merge(before, host) : host);
    }
  }
  return [...found.values()];
}

/** The words of a list of hosts, one on each line; `#` begins a comment. */
export function wordsOfList(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*/, "").trim())
    .filter((line) => line !== "");
}
