// Which side is live: what all balancers serve.

import { Failure } from "../base/failure.js";
import type { Side } from "./sides.js";

/** One balancer, and the upstream that its workers serve, or why that cannot be told. */
export interface Seen {
  label: string;
  upstream: string | Failure;
}

/** The side that all balancers serve. Throws Failure where one of them cannot tell, or they disagree. */
export function liveSide(seen: readonly Seen[], sides: readonly Side[]): Side {
  const nameOf = (upstream: string) => sides.find((side) => side.upstream === upstream)?.name ?? upstream;
  const listed = seen.map(({ label, upstream }) =>
    upstream instanceof Failure ? `${label}: ${upstream.message}` : `${label} serves ${nameOf(upstream)}`,
  );
  const [silent] = seen.flatMap(({ upstream }) => (upstream instanceof Failure ? [upstream] : []));
  if (silent)
    throw new Failure(
      silent.code,
      `which side is served cannot be told: ${listed.join("; ")}`,
      silent.details,
    );
  const [live, ...others] = sides.filter(({ upstream }) => seen.some((one) => one.upstream === upstream));
  if (!live || others.length > 0)
    throw new Failure("balancers-disagree", `the balancers disagree: ${listed.join(", ")}`);
  return live;
}
