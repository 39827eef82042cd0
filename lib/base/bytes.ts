// Keeping the end of a stream of bytes, for error messages.

/** Collects chunks and keeps the last `limit` bytes of them. */
export class Tail {
  #kept: Buffer = Buffer.alloc(0);
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }
  push(chunk: Buffer): void {
    const all = Buffer.concat([this.#kept, chunk]);
    this.#kept = all.length > this.#limit ? all.subarray(all.length - this.#limit) : all;
  }
  /** What was kept, as text; a character cut in two at the front is left out. */
  toString(): string {
    let start = 0;
    while (start < 3 && ((this.#kept[start] ?? 0) & 0xc0) === 0x80) start++;
    return this.#kept.subarray(start).toString("utf8");
  }
}
