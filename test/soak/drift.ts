// Whether a number that should stay as it is goes on growing.

/** What was measured at one time: a number by what it is of. */
export type Sample = Readonly<Record<string, number>>;

export interface Row {
  what: string;
  /** The least and the most of the first samples, and of the last ones. */
  first: readonly [number, number];
  last: readonly [number, number];
  drifts: boolean;
}

/** By how much memory may be more, in KiB: what an allocator and a garbage collector keep differs by some pages. */
const memoryRoom = (first: number) => 1024 + first / 20;

/** With fewer samples there is nothing to compare. */
export const least = 4;

/**
 * A quarter of the samples is the time in which all warms up. Of the rest, the first third is compared with the last: it
 * is a drift where even the least of the last ones is more than the most of the first ones. What is measured with
 * "memory" in its name may be a little more. What may grow up to a limit has it in `limits`, by its name.
 */
export function compare(samples: readonly Sample[], limits: Sample = {}): Row[] {
  if (samples.length < least) throw new Error(`${samples.length} samples are too few to compare`);
  const warm = samples.slice(Math.ceil(samples.length / 4));
  const third = Math.floor(warm.length / 3);
  const [first, last] = [warm.slice(0, third), warm.slice(-third)];
  return Object.keys(samples[0] ?? {}).map((what) => {
    const range = (some: readonly Sample[]): [number, number] => {
      const values = some.map((sample) => sample[what] ?? Number.NaN);
      return [Math.min(...values), Math.max(...values)];
    };
    const [before, after] = [range(first), range(last)];
    const room = what.includes("memory") ? memoryRoom(before[1]) : 0;
    const limit = limits[what];
    const isWell = limit === undefined ? after[0] <= before[1] + room : after[1] <= limit;
    return { what, first: before, last: after, drifts: !isWell };
  });
}

/** The rows, for people. */
export function describe(rows: readonly Row[]): string {
  const cells = rows.map(({ what, first, last, drifts }) => [
    what,
    first.join(" to "),
    last.join(" to "),
    drifts ? "DRIFTS" : "",
  ]);
  const all = [["", "first", "last", ""], ...cells];
  const width = [0, 1, 2].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(width[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
