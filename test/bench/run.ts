// Measures our programs against others that do the same: all rows, or those whose file name contains one of the
// words given. The whole table goes to RESULTS.md. Status 1 when a binding budget does not hold.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, holds, measure, type Result } from "./comparison.js";
import { describeMachine } from "./machine.js";
import { renderResults } from "./table.js";

const rows = new URL("rows/", import.meta.url);
const results = fileURLToPath(new URL("../../../test/bench/RESULTS.md", import.meta.url));

/** The results of one file. */
async function measureFile(file: string, folder: string): Promise<Result[]> {
  const { bench } = (await import(new URL(file, rows).href)) as { bench: Bench };
  mkdirSync(folder);
  try {
    const measured: Result[] = [];
    for (const comparison of await bench.make(folder)) {
      measured.push(await measure(comparison));
      process.stderr.write(`${comparison.what}: ${measured.at(-1)?.ratio.toFixed(2)}\n`);
    }
    return measured;
  } finally {
    await bench.end?.();
  }
}

function page(measured: readonly Result[]): string {
  return `# What our programs cost, against others that do the same

Written by \`npm run bench\`. Each number is a median of pairs that were run in turn, one after the other; the ratio is
the median of the pairs' ratios, which stays when the whole machine is slow. Measured on:

${describeMachine().join("\n")}

${renderResults(measured)}
`;
}

const words = process.argv.slice(2);
const files = readdirSync(rows)
  .filter((file) => file.endsWith(".js") && (words.length === 0 || words.some((word) => file.includes(word))))
  .sort();
if (files.length === 0) throw new Error(`no row's file name contains ${words.join(" or ")}`);
const home = mkdtempSync(join(tmpdir(), "essay-bench-"));
try {
  const measured: Result[] = [];
  for (const file of files) measured.push(...(await measureFile(file, join(home, file))));
  process.stdout.write(`${renderResults(measured)}\n`);
  if (words.length === 0) writeFileSync(results, page(measured));
  process.exitCode = measured.every(holds) ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
