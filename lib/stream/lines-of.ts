// The lines of a stream of bytes.

import { type Readable, Transform, type TransformCallback } from "node:stream";
import split2 from "split2";

/**
 * Hands bytes on as text of one character for each, for split2 counts characters of text, and leaves out of
 * a line what is beyond the longest one: so a line is too long however the chunks fall, and memory is bounded.
 */
class CutLines extends Transform {
  /** Bytes of the line that the last chunk left open. */
  #open = 0;
  readonly #longest: number;

  constructor(longest: number) {
    super();
    this.#longest = longest;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const text = chunk.toString("latin1");
    if (this.#open + text.length <= this.#longest) {
      const end = text.lastIndexOf("\n");
      this.#open = end < 0 ? this.#open + text.length : text.length - end - 1;
      done(null, text);
      return;
    }
    const lines = text.split("\n");
    const kept = lines.map((line, index) => {
      if (index > 0) this.#open = 0;
      const part = line.slice(0, Math.max(0, this.#longest + 1 - this.#open));
      this.#open += line.length;
      return part;
    });
    done(null, kept.join("\n"));
  }
}

/**
 * The lines of `input` without their ends, in order; each byte is one character (Latin-1). Of a line with more than
 * `longest` bytes come so many and one more. Throws what `input` breaks by.
 */
export function linesOf(input: Readable, longest: number): AsyncIterable<string> {
  const lines = split2("\n");
  input.on("error", (error) => lines.destroy(error));
  return input.pipe(new CutLines(longest)).pipe(lines);
}
