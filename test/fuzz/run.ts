// Inputs that nobody would write, for all that reads what others have written: `npm run test:fuzz`. Says how many it has
// tried, and for which something went wrong. A number is another seed; words choose the subjects whose names have them.

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Subject } from "./subject.js";
import { subjects } from "./subjects.js";
import { cpuSeconds, type Tried } from "./try-subject.js";
import type { Task } from "./worker.js";

const usualSeed = 20261122;
/** Seconds of work after which an input that is still being read counts as a hang; and of any time, worked or waited. */
const patience = { work: 20, wait: 300 };
const largestInput = 16 * 1024 * 1024;
/** Memory of a thread, in MiB: no input may take more. */
const memory = 512;

const words = process.argv.slice(2);
const seed = Number(words.find((word) => /^\d+$/.test(word)) ?? usualSeed);
const wanted = words.filter((word) => !/^\d+$/.test(word));
const chosen = subjects.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
);

/** Tries one subject in a thread of its own. */
function tryApart({ name, cases }: Subject): Promise<Tried> {
  const under = new SharedArrayBuffer(8 + largestInput);
  const [numbers, bytes] = [new Int32Array(under, 0, 2), new Uint8Array(under, 8)];
  const workerData: Task = { name, cases, seed, under };
  const worker = new Worker(new URL("worker.js", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: memory },
  });
  return new Promise((resolve) => {
    let [seen, worked, waited] = [-1, cpuSeconds(), performance.now()];
    const settle = (tried: Tried) => {
      clearInterval(watching);
      resolve(tried);
    };
    const stop = (why: string) => {
      const input = Buffer.from(bytes.slice(0, numbers[1]));
      settle({ name, taken: 0, refused: 0, slowest: Number.NaN, wrong: { why, input } });
    };
    const watching = setInterval(() => {
      const number = Atomics.load(numbers, 0);
      const [work, wait] = [cpuSeconds() - worked, (performance.now() - waited) / 1000];
      if (number !== seen) [seen, worked, waited] = [number, cpuSeconds(), performance.now()];
      else if (work > patience.work || wait > patience.wait) {
        stop(`it was not read after ${wait.toFixed(0)} s, ${work.toFixed(0)} s of them worked`);
        void worker.terminate();
      }
    }, 500);
    worker.on("message", settle);
    worker.on("error", (error) => stop(String(error.stack)));
  });
}

/** Writes the input where it can be looked at, and put into the corpus. */
function kept({ name, wrong }: Tried): string {
  const file = join(tmpdir(), `essay-fuzz-${name}-${seed}`);
  writeFileSync(file, wrong?.input ?? "");
  return file;
}

process.stdout.write(`seed ${seed}; another one: npm run test:fuzz -- SEED\n`);
let cases = 0;
let failed = 0;
for (const subject of chosen) {
  const tried = await tryApart(subject);
  cases += tried.taken + tried.refused;
  process.stdout.write(
    `${subject.name.padEnd(16)} ${tried.taken} taken, ${tried.refused} refused, the slowest in ${tried.slowest.toFixed(0)} ms\n`,
  );
  if (!tried.wrong) continue;
  failed++;
  process.stdout.write(
    `  WRONG: ${tried.wrong.why.replaceAll("\n", "\n    ")}\n  the input is in ${kept(tried)}\n`,
  );
}
process.stdout.write(`${cases} cases tried, ${failed} of ${chosen.length} subjects went wrong\n`);
if (failed > 0 || cases === 0) process.exitCode = 1;
