// Bytes: keeping the beginning or the end, for messages and records, and reading a stream piece by piece.

import { Failure } from "./failure.js";

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

/** The first `most` bytes of a text at the most, without a character that would be cut in two. */
export function firstBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  let end = Math.min(most, bytes.length);
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** The last `most` bytes, likewise. */
export function lastBytes(text: string, most: number): string {
  const tail = new Tail(most);
  tail.push(Buffer.from(text));
  return tail.toString();
}

/** A stream ended before all had come that was to be read. */
export class EndOfBytes extends Error {}

/** Bytes of a line at most: who sends no line feed must not fill our memory. */
const longestLine = 1024 * 1024;

/** A stream of bytes, read piece by piece. Its readers throw EndOfBytes where the stream ends too early. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async #more(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done) throw new EndOfBytes("the output ended early");
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, next.value]) : next.value;
  }

  /** The bytes up to a line feed, which is taken, too. Throws Failure "bad-answer" for a line of more than 1 MiB. */
  async line(): Promise<Buffer> {
    let end = this.#rest.indexOf(10);
    while (end < 0) {
      if (this.#rest.length > longestLine)
        throw new Failure("bad-answer", `a line of more than ${longestLine} bytes came`);
      await this.#more();
      end = this.#rest.indexOf(10);
    }
    const line = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return line;
  }

  /** The next `size` bytes, as they come; all of them must be taken before anything else is read. */
  async *take(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) await this.#more();
      const chunk = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  /** The next `size` bytes at once, for few. */
  async bytes(size: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.take(size)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}
