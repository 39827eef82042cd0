// Measures our programs against others that do the same: all rows, or those whose file name contains one of the
// words given; after a colon in a word, a text that their own name or the other program's contains. The whole table
// goes to RESULTS.md and results.json. Status 1 when a binding budget does not hold.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Comparison, holds, measure, type Result } from "./comparison.js";
import { describeMachine } from "./machine.js";
import { plainResult, renderResults } from "./table.js";

const rows = new URL("rows/", import.meta.url);
const written = new URL("../../../test/bench/", import.meta.url);

const asked = process.argv.slice(2).map((word) => {
  const [file = "", row = ""] = word.split(":");
  return { file, row };
});

/** Whether a row of a file was asked for; without one: whether any row may be. */
function isWanted(name: string, comparison?: Comparison): boolean {
  const said = comparison && `${comparison.what} ${comparison.against}`;
  return (
    asked.length === 0 || asked.some(({ file, row }) => name.includes(file) && (said?.includes(row) ?? true))
  );
}

/** The results of one file, and what is to be said of them. */
async function measureFile(file: string, folder: string): Promise<{ measured: Result[]; note: string }> {
  const { bench } = (await import(new URL(file, rows).href)) as { bench: Bench };
  mkdirSync(folder);
  try {
    const measured: Result[] = [];
    const wanted = (await bench.make(folder)).filter((comparison) => isWanted(file, comparison));
    for (const comparison of wanted) {
      measured.push(await measure(comparison));
      process.stderr.write(`${comparison.what}: ${measured.at(-1)?.ratio.toFixed(2)}\n`);
    }
    return { measured, note: bench.note ?? "" };
  } finally {
    await bench.end?.();
  }
}

function page(measured: readonly Result[], notes: readonly string[]): string {
  const machine = Object.entries(describeMachine()).map(([name, value]) => `- ${name}: ${value}`);
  return `# What our programs cost, against others that do the same

Written by \`npm run bench\`. Each number is a median of pairs that were run in turn, one after the other; the ratio is
the median of the pairs' ratios, which stays when the whole machine is slow. Measured on:

${machine.join("\n")}

${renderResults(measured)}
${notes.map((note) => `\n${note}\n`).join("")}`;
}

const files = readdirSync(rows)
  .filter((file) => file.endsWith(".js") && isWanted(file))
  .sort();
if (files.length === 0) throw new Error("no file's name contains any of these words");
const home = mkdtempSync(join(tmpdir(), "essay-bench-"));
try {
  const measured: Result[] = [];
  const notes: string[] = [];
  for (const file of files) {
    const result = await measureFile(file, join(home, file));
    measured.push(...result.measured);
    if (result.note !== "") notes.push(result.note);
  }
  process.stdout.write(`${renderResults(measured)}\n`);
  if (asked.length === 0) {
    const json = {
      at: new Date().toISOString(),
      machine: describeMachine(),
      rows: measured.map(plainResult),
    };
    writeFileSync(new URL("RESULTS.md", written), page(measured, notes));
    writeFileSync(new URL("results.json", written), `${JSON.stringify(json, undefined, 2)}\n`);
  }
  process.exitCode = measured.every(holds) ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
