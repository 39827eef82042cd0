// The two sides that nginx can serve: names of virtualenvs, and of the upstreams that lead to them.

import { UsageError } from "../base/failure.js";
import { isPlainName } from "../base/name.js";

export interface Side {
  /** As the virtualenv is called. */
  name: string;
  /** As nginx's configuration calls it. */
  upstream: string;
}

/** `name` as one that stands in nginx's configuration by itself. Throws UsageError. */
export function checkUpstream(name: string): string {
  if (isPlainName(name)) return name;
  throw new UsageError(`${name} is no name of an upstream: letters, digits, "_", "-" and "." make one`);
}

/** `name` as one of a virtualenv, which shells are given. Throws UsageError. */
function checkSide(name: string): string {
  if (isPlainName(name)) return name;
  throw new UsageError(`${JSON.stringify(name)} is no name of a side: it is that of a virtualenv`);
}

/** The sides of the table nginx.sides: there are two, and each has an upstream of its own. Throws UsageError. */
export function readSides(table: Readonly<Record<string, string>> | undefined): [Side, Side] {
  const sides = Object.entries(table ?? {}).map(([name, upstream]) => ({
    name: checkSide(name),
    upstream: checkUpstream(upstream),
  }));
  const [one, other] = sides;
  if (one === undefined || other === undefined || sides.length > 2)
    throw new UsageError(
      `nginx.sides names the two sides, such as { a = "upstreamA", b = "upstreamB" }; there are ${sides.length}`,
    );
  if (one.upstream === other.upstream)
    throw new UsageError(`nginx.sides has ${one.upstream} for both ${one.name} and ${other.name}`);
  return [one, other];
}

/** The side of that name, to switch to, and the other one, to switch from. Throws UsageError. */
export function towards(sides: readonly [Side, Side], name: string): { from: Side; to: Side } {
  const [one, other] = sides;
  if (name === one.name) return { from: other, to: one };
  if (name === other.name) return { from: one, to: other };
  throw new UsageError(`${name} is no side of nginx.sides: ${one.name} and ${other.name} are`);
}
