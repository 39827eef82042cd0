// Reading records: JSON objects, one on each line, UTF-8, at most 1 MiB a line.

import { type Readable, Transform } from "node:stream";
import split2 from "split2";
import { isObject } from "../base/json.js";

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
 * The lines of `input`, in order, blank ones left out. After a line that grows beyond every bound the rest
 * of the input is read and dropped, so that the writer before us is not killed by a closed pipe.
 */
export async function* readRecords(input: Readable): AsyncGenerator<Line | BadLine> {
  // split2 counts characters of text; handed over as latin1, a character is a byte, and no byte is lost.
  const latin1 = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString("latin1")),
  });
  const lines = split2("\n", { maxLength: longestLine + 1 });
  input.on("error", (error) => lines.destroy(error));
  input.pipe(latin1).pipe(lines);
  let number = 0;
  try {
    for await (const bytes of lines) {
      number++;
      if (bytes.trim() !== "") yield parse(number, bytes);
    }
  } catch (error) {
    if ((error as Error).message !== "maximum buffer reached") throw error;
    yield { number: number + 1, problem: tooLong };
    input.unpipe(latin1).resume();
  }
}
