// "Did you mean": the known name that is nearest to a mistyped one.

/** Damerau-Levenshtein distance (optimal string alignment) of two short strings. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1] as number[];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + same,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (rows[i - 2]?.[j - 2] as number) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] as number;
}

/** The one of `known` that `typed` was probably meant to be, or undefined when none is near. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const name of known) {
    // So far apart they are by their lengths alone; a mistyped word may be as long as a file.
    if (Math.abs(typed.length - name.length) >= least) continue;
    const far = distance(typed, name);
    if (far < least) [best, least] = [name, far];
  }
  return best;
}

/** A clause for an error sentence: `; did you mean NAME?` or nothing. */
export function didYouMean(typed: string, known: Iterable<string>): string {
  const name = nearest(typed, known);
  return name === undefined ? "" : `; did you mean ${name}?`;
}
