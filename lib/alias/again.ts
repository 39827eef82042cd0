// How to go on with an alias that came to no good end.

import { fstatSync, readlinkSync } from "node:fs";
import { relative } from "node:path";
import { UsageError } from "../base/failure.js";

/** The file that a descriptor of ours writes to, as it would be typed here; undefined where it is none, or unknown. */
export function fileBehind(descriptor: number): string | undefined {
  try {
    if (!fstatSync(descriptor).isFile()) return undefined;
    const path = readlinkSync(`/proc/self/fd/${descriptor}`);
    const near = relative(process.cwd(), path);
    return near.startsWith("../") ? path : near;
  } catch {
    return undefined;
  }
}

/**
 * The arguments with which an alias takes from `file` what failed: with --retry, and without what does not go with
 * that. `expanded` gives the pipelines for arguments, or throws UsageError. Undefined for an alias that has no --retry.
 */
export async function retrying(
  args: readonly string[],
  file: string,
  expanded: (args: string[]) => Promise<readonly (readonly (readonly string[])[])[]>,
): Promise<string[] | undefined> {
  // The file of a second try is not that of a third one.
  const own = args.filter(
    (word, i) => !word.startsWith("--retry=") && ![word, args[i - 1]].includes("--retry"),
  );
  const kept = [own, ...own.map((_, i) => own.filter((_, j) => j !== i)).reverse()];
  for (const some of kept) {
    const tried = ["--retry", file, ...some];
    try {
      const words = (await expanded(tried)).flat(2);
      // It could be that the flag has only been passed on.
      if (words.includes(file) && !words.includes("--retry")) return tried;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }
  return undefined;
}
