// A file of records read as a whole, such as the release.jsonl that tee wrote.

import { once } from "node:events";
import { createReadStream } from "node:fs";
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

/**
 * The only record of a file, or the last one that is meant, with the given fields checked. Throws UsageError where the
 * file cannot be read or has no such record, and Failure "release-failed" for a record with an error.
 */
export async function readOneRecord<F extends FieldName>(
  file: string,
  reads: readonly F[],
  meant?: Meant<F>,
): Promise<RecordWith<F>> {
  const found: { record: RecordWith<F>; number: number }[] = [];
  const input = createReadStream(file);
  try {
    await once(input, "open");
    for await (const line of checkedRecords(input, () => reads)) {
      if ("problem" in line) throw new UsageError(`${file}:${line.number}: ${line.problem}`);
      const record = line.record as RecordWith<F>;
      if (!meant || (await meant.isIt(record))) found.push({ record, number: line.number });
    }
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code || error instanceof Failure) throw error;
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  } finally {
    input.destroy();
  }
  const last = found.at(-1);
  if (meant && !last) throw new UsageError(`${file} has no record of ${meant.of}`);
  if (!last || (found.length > 1 && !meant))
    throw new UsageError(`${file} has ${found.length} records; one release is wanted`);
  if (hasFailed(last.record))
    throw new Failure("release-failed", `${file}:${last.number} is the record of a release that failed`);
  return last.record;
}
