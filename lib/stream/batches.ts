// Who is missing: each record says how many belong to its batch.

import { randomHex } from "../base/random.js";
import type { Batch } from "../base/schema.js";

/** A batch with a name that no other one has. */
export function newBatch(size: number): Batch {
  return { id: randomHex(4), size };
}

/** Counts the records of each batch. */
export class Batches {
  readonly #seen = new Map<string, { size: number; count: number }>();
  count(batch: Batch | undefined): void {
    if (!batch) return;
    const known = this.#seen.get(batch.id) ?? { size: batch.size, count: 0 };
    known.count++;
    this.#seen.set(batch.id, known);
  }
  /** How many records never came, of all batches. */
  get lacking(): number {
    return this.missing().reduce((sum, { missing }) => sum + missing, 0);
  }
  /** The batches of which fewer records came than belong to them. */
  missing(): { id: string; size: number; missing: number }[] {
    return [...this.#seen]
      .filter(([, { size, count }]) => count < size)
      .map(([id, { size, count }]) => ({ id, size, missing: size - count }));
  }
}
