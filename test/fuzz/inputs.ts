// Inputs: those of the corpus, changed; words of the language in a row; noise.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { Subject } from "./subject.js";

const corpus = fileURLToPath(new URL("../../../test/fuzz/corpus/", import.meta.url));

/** The inputs that are kept for a subject: what it should take, and what once went wrong. */
export function seedsOf({ name }: Subject): Buffer[] {
  const folder = join(corpus, name);
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)));
}

/** Bytes of what comes many times. */
const longest = 64 * 1024;

/** One change: at a place, some bytes go and others come. */
interface Edit {
  place: number;
  gone: number;
  come: Buffer;
}

function edited(input: Buffer, { place, gone, come }: Edit): Buffer {
  const at = place % (input.length + 1);
  return Buffer.concat([input.subarray(0, at), come, input.subarray(at + gone)]);
}

/** Inputs for a subject. */
export function inputsFor(subject: Subject): fc.Arbitrary<Buffer> {
  const seeds = seedsOf(subject);
  const words = [...subject.words, ...seeds].map((word) => Buffer.from(word));
  const noise = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));
  const word = fc.constantFrom(...words);
  // What is read in quadratic time, or by recursion, is seen when something comes a thousand times.
  const many = fc.tuple(fc.constantFrom(...subject.words), fc.nat({ max: 14 })).map(([text, power]) => {
    const word = Buffer.from(text);
    const times = Math.min(2 ** power, Math.ceil(longest / word.length));
    return Buffer.concat(Array<Buffer>(times).fill(word));
  });
  const piece = fc.oneof(
    { weight: 6, arbitrary: word },
    { weight: 3, arbitrary: noise },
    { weight: 1, arbitrary: many },
  );
  const edit = fc.record({
    place: fc.nat({ max: 1 << 20 }),
    gone: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 40 }) }),
    come: fc.oneof({ weight: 4, arbitrary: piece }, { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) }),
  });
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 5 }))
    .map(([seed, edits]) => edits.reduce(edited, seed));
  const row = fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.concat(pieces));
  return fc.oneof({ weight: 6, arbitrary: changed }, { weight: 2, arbitrary: row }, noise);
}
