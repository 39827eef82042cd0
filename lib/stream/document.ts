// A file of records read as a whole, such as the release.jsonl that tee wrote.

import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { Failure, UsageError } from "../base/failure.js";
import type { FieldName, RecordWith } from "../base/schema.js";
import { checkedRecords } from "./reader.js";
import { hasFailed } from "./table.js";

/** Which record of a file is meant. */
export interface Meant<F extends FieldName> {
  /** For messages. */
  of: string;
  isIt(record: RecordWith<F>): Promise<boolean>;
}

interface Found<F extends FieldName> {
  record: RecordWith<F>;
  number: number;
}

const failed = (message: string) => new Failure("release-failed", message);

/** The records, or those that are meant; `name` is what they are read from, for messages. */
async function recordsIn<F extends FieldName>(
  name: string,
  input: Readable,
  reads: readonly F[],
  meant?: Meant<F>,
): Promise<Found<F>[]> {
  const found: Found<F>[] = [];
  for await (const line of checkedRecords(input, () => reads)) {
    if ("problem" in line) throw new UsageError(`${name}:${line.number}: ${line.problem}`);
    const record = line.record as RecordWith<F>;
    if (!meant || (await meant.isIt(record))) found.push({ record, number: line.number });
  }
  return found;
}

/** The only record, or the last one of those that are meant. */
function chosen<F extends FieldName>(name: string, found: readonly Found<F>[], meant?: Meant<F>) {
  const last = found.at(-1);
  if (meant && !last) throw new UsageError(`${name} has no record of ${meant.of}`);
  if (!last || (found.length > 1 && !meant))
    throw new UsageError(`${name} has ${found.length} records; one release is wanted`);
  if (hasFailed(last.record)) throw failed(`${name}:${last.number} is the record of a release that failed`);
  return last.record;
}

/**
 * The only record of a file, or the last one that is meant, with the given fields checked. Throws UsageError where the
 * file cannot be read or has no such record, and Failure "release-failed" for a record with an error.
 */
export async function readOneRecord<F extends FieldName>(
  file: string,
  reads: readonly F[],
  meant?: Meant<F>,
): Promise<RecordWith<F>> {
  const input = createReadStream(file);
  try {
    await once(input, "open");
    return chosen(file, await recordsIn(file, input, reads, meant), meant);
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code || error instanceof Failure) throw error;
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  } finally {
    input.destroy();
  }
}

/**
 * The only record that a build pipeline writes into ours. Throws as `readOneRecord` does; a pipeline that failed
 * may write none at all, which is Failure "release-failed", too.
 */
export async function awaitOneRecord<F extends FieldName>(
  input: Readable,
  reads: readonly F[],
): Promise<RecordWith<F>> {
  const name = "standard input";
  const found = await recordsIn(name, input, reads);
  if (found.length === 0) throw failed("no record of a release came on standard input");
  return chosen(name, found);
}
