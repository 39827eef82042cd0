// Reading records: JSON objects, one on each line, UTF-8, at most 1 MiB a line.

import type { Readable } from "node:stream";
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

/** The lines of `input`, in order, blank ones left out. */
export async function* readRecords(input: Readable): AsyncGenerator<Line | BadLine> {
  // Late, for it needs Node's streams, which --help does without.
  const { linesOf } = await import("./lines-of.js");
  let number = 0;
  for await (const bytes of linesOf(input, longestLine)) {
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
