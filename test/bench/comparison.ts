// What a row of the benchmark is: our program against another one that does the same, within a budget.

/** One way to do the thing; resolves to what was measured of it, in the comparison's unit. */
export type Side = () => Promise<number>;

/** A row of the table. */
export interface Comparison {
  what: string;
  against: string;
  /** How many times the other's measure ours may be. */
  budget: number;
  /** Whether the benchmark fails when the budget does not hold. */
  binding: boolean;
  ours: Side;
  theirs: Side;
  /** How many pairs are measured, after one that is not counted. */
  pairs: number;
  /** Every pair is counted: what takes so long that a cold start makes no difference. */
  allCount?: true;
  /** Of both sides' numbers; milliseconds unless told. */
  unit?: "ms" | "MB";
}

/** What a file in `rows` exports under this name: makes ready in a folder of its own what its comparisons need. */
export interface Bench {
  make(folder: string): Promise<Comparison[]>;
  /** What a reader of the results must know of these rows: lines of Markdown. */
  note?: string;
  /** Ends what `make` began. */
  end?(): Promise<void>;
}

export interface Result {
  comparison: Comparison;
  /** Medians. */
  ours: number;
  theirs: number;
  /** The median of the ratios of the pairs. */
  ratio: number;
  /** The least and the greatest ratio of a pair. */
  spread: readonly [least: number, most: number];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? Number.NaN, sorted[Math.floor(middle)] ?? Number.NaN];
  return (low + high) / 2;
}

/**
 * Measures in pairs: whatever else the machine does slows down both. In every other pair the other one comes first.
 */
export async function measure(comparison: Comparison): Promise<Result> {
  const pairs: [ours: number, theirs: number][] = [];
  for (let i = comparison.allCount ? 1 : 0; i <= comparison.pairs; i++) {
    const first = i % 2 === 0 ? await comparison.ours() : await comparison.theirs();
    const second = i % 2 === 0 ? await comparison.theirs() : await comparison.ours();
    if (i > 0) pairs.push(i % 2 === 0 ? [first, second] : [second, first]);
  }
  const ratios = pairs.map(([ours, theirs]) => ours / theirs);
  return {
    comparison,
    ours: median(pairs.map(([ours]) => ours)),
    theirs: median(pairs.map(([, theirs]) => theirs)),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

/** False where a budget is exceeded that is binding. */
export function holds({ comparison, ratio }: Result): boolean {
  return !comparison.binding || ratio <= comparison.budget;
}
