// Reading records: JSON objects, one on each line, UTF-8, at most 1 MiB a line.

import { type Readable, Transform, type TransformCallback } from "node:stream";
import split2 from "split2";
import { isObject } from "../base/json.js";
import type { FieldName } from "../base/schema.js";

export const longestLine = 1024 * 1024;

/** A record with the text that it came as. */
export interface Line {
  number: number;
  text: string;
  record: Record<string, unknown>;
}
/** A line that is no record, and why. */
export interface BadLine {
  number: number;
  problem: string;
}

const tooLong = `longer than ${longestLine} bytes`;
const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(number: number, bytes: string): Line | BadLine {
  if (bytes.length > longestLine) return { number, problem: tooLong };
  let text: string;
  try {
    text = utf8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return { number, problem: "not UTF-8" };
  }
  try {
    const record: unknown = JSON.parse(text);
    return isObject(record) ? { number, text, record } : { number, problem: "not a JSON object" };
  } catch (error) {
    return { number, problem: `not JSON: ${(error as Error).message}` };
  }
}

/**
 * Hands bytes on as text of one character for each, for split2 counts characters of text, and leaves out of
 * a line what is beyond the longest one: so a line is too long however the chunks fall, and memory is bounded.
 */
class CutLines extends Transform {
  /** Bytes of the line that the last chunk left open. */
  #open = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const text = chunk.toString("latin1");
    if (this.#open + text.length <= longestLine) {
      const end = text.lastIndexOf("\n");
      this.#open = end < 0 ? this.#open + text.length : text.length - end - 1;
      done(null, text);
      return;
    }
    const lines = text.split("\n");
    const kept = lines.map((line, index) => {
      if (index > 0) this.#open = 0;
      const part = line.slice(0, Math.max(0, longestLine + 1 - this.#open));
      this.#open += line.length;
      return part;
    });
    done(null, kept.join("\n"));
  }
}

/** The lines of `input`, in order, blank ones left out. */
export async function* readRecords(input: Readable): AsyncGenerator<Line | BadLine> {
  const lines = split2("\n");
  const cut = new CutLines();
  input.on("error", (error) => lines.destroy(error));
  input.pipe(cut).pipe(lines);
  let number = 0;
  for await (const bytes of lines) {
    number++;
    if (!/^[ \t\r]*$/.test(bytes)) yield parse(number, bytes);
  }
}

/** The same, where a record in which one of the fields that `reads` names for it is of a wrong type is none. */
export async function* checkedRecords(
  input: Readable,
  reads: (record: Line["record"]) => readonly FieldName[],
): AsyncGenerator<Line | BadLine> {
  const { wrongField } = await import("../base/schema.js");
  for await (const line of readRecords(input)) {
    const problem = "problem" in line ? line.problem : wrongField(line.record, reads(line.record));
    yield problem === undefined ? line : { number: line.number, problem };
  }
}
