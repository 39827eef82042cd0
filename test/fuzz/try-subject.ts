// Trying a subject: the whole corpus, then so many cases.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { inputsFor, seedsOf } from "./inputs.js";
import type { Subject } from "./subject.js";

/** How it went. */
export interface Tried {
  name: string;
  taken: number;
  refused: number;
  /** Milliseconds that the slowest case has worked. */
  slowest: number;
  /** What went wrong, with the smallest input for which it does. */
  wrong?: { why: string; input: Buffer };
}

/** Seconds that this process has worked, whatever others do on the machine. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What every object would have if one of the inputs had come so far. */
function checkPrototypes(): void {
  const reached = [Object.prototype, Array.prototype, Function.prototype].flatMap((each) =>
    Object.keys(each),
  );
  assert.deepEqual(reached, [], "an input has reached a prototype");
}

/** Tries `cases` inputs, which follow from the seed. `before` is told of each input before it is read. */
export async function trySubject(
  subject: Subject,
  { cases, seed, before = () => {} }: { cases: number; seed: number; before?: (input: Buffer) => void },
): Promise<Tried> {
  const folder = mkdtempSync(join(tmpdir(), "essay-fuzz-"));
  const reader = await subject.open(folder);
  const tried: Tried = { name: subject.name, taken: 0, refused: 0, slowest: 0 };
  const attempt = async (input: Buffer) => {
    before(input);
    const began = cpuSeconds();
    if (await reader.read(input)) tried.taken++;
    else tried.refused++;
    tried.slowest = Math.max(tried.slowest, (cpuSeconds() - began) * 1000);
    checkPrototypes();
    // What the reader has left for later comes before the next input, else all of it waits and takes memory.
    await setImmediate();
  };
  try {
    for (const input of seedsOf(subject))
      await attempt(input).catch((error) => {
        tried.wrong ??= { why: String(error.stack), input };
      });
    if (!tried.wrong) {
      const outcome = await fc.check(fc.asyncProperty(inputsFor(subject), attempt), { numRuns: cases, seed });
      const [input] = outcome.counterexample ?? [];
      const why = String((outcome.errorInstance as Error | null)?.stack ?? outcome.errorInstance);
      if (outcome.failed && input) tried.wrong = { why, input };
    }
    return tried;
  } finally {
    await reader.close?.();
    rmSync(folder, { recursive: true, force: true });
  }
}
