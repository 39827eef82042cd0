// How many hosts each batch of a roll has: `1,10%,100%`.

import { UsageError } from "../base/failure.js";

/** A number of hosts, or a percentage of all. */
export type Size = { count: number } | { percent: number };

/** Reads sizes with commas between them. Throws UsageError. */
export function parseSizes(text: string): Size[] {
  return text.split(",").map((word) => {
    const [, digits = "", sign] = /^(\d{1,6})(%?)$/.exec(word) ?? [];
    const value = Number(digits);
    if (value === 0 || (sign === "%" && value > 100))
      throw new UsageError(
        `${text}: ${JSON.stringify(word)} is no size of a batch, which is a number of hosts or a percentage, as in 1,10%,100%`,
      );
    return sign === "%" ? { percent: value } : { count: value };
  });
}

/**
 * Cuts hosts into batches. A percentage is of `all` hosts, rounded down, but one host at least; the last size
 * repeats until no host is left.
 */
export function cutBatches<T>(hosts: readonly T[], sizes: readonly Size[], all = hosts.length): T[][] {
  const batches: T[][] = [];
  for (let first = 0; first < hosts.length; ) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)] ?? { percent: 100 };
    const count = "count" in size ? size.count : Math.max(1, Math.floor((all * size.percent) / 100));
    batches.push(hosts.slice(first, first + count));
    first += count;
  }
  return batches;
}
