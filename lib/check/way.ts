// How processes are asked: by HTTP, by connecting, or by a command of the user's.

import { UsageError } from "../base/failure.js";

/** A command line says one of these, and so does a configuration. */
export interface Ways {
  http?: string | undefined;
  tcp?: boolean | undefined;
  command?: readonly string[] | undefined;
}

export type Way =
  | { kind: "http"; path: string }
  | { kind: "tcp" }
  | { kind: "command"; words: readonly string[] };

/** The one that is said; undefined where none is. Throws UsageError for two. */
function only({ http, tcp, command }: Ways, names: Record<keyof Ways, string>): Way | undefined {
  const said = [
    ...(http === undefined ? [] : [{ way: { kind: "http", path: http } as const, name: names.http }]),
    ...(tcp ? [{ way: { kind: "tcp" } as const, name: names.tcp }] : []),
    ...(command === undefined
      ? []
      : [{ way: { kind: "command", words: command } as const, name: names.command }]),
  ];
  if (said.length > 1)
    throw new UsageError(`${said.map(({ name }) => name).join(" and ")} do not go together: ask in one way`);
  return said[0]?.way;
}

/** What the command line says, otherwise the configuration, otherwise the page /. Throws UsageError. */
export function wayOf(flags: Ways, configured: Ways): Way {
  const way = only(flags, { http: "--http", tcp: "--tcp", command: "a command after --" }) ??
    only(configured, { http: "check.http", tcp: "check.tcp", command: "check.command" }) ?? {
      kind: "http",
      path: "/",
    };
  if (way.kind === "http" && !/^\/[!-~]*$/.test(way.path))
    throw new UsageError(`the path ${JSON.stringify(way.path)} must begin with / and be written as in a URL`);
  return way;
}

/** A header that an answer must have: "NAME" with any value, "NAME: VALUE" with this one. Throws UsageError. */
export function headerOf(text: string): [name: string, value: string | null] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)\s*(?::\s*(.*?)\s*)?$/.exec(text) ?? [];
  if (name === undefined)
    throw new UsageError(`${JSON.stringify(text)} is no header, such as "X-Version: 1.2"`);
  return [name, value ?? null];
}
