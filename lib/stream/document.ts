// A file of records read as a whole, such as the release.jsonl that tee wrote.

import { once } from "node:events";
import { createReadStream } from "node:fs";
import { Failure, UsageError } from "../base/failure.js";
import type { FieldName, RecordWith } from "../base/schema.js";
import { checkedRecords } from "./reader.js";
import { hasFailed } from "./table.js";

/**
 * The only record of a file, with the given fields checked. Throws UsageError where the file cannot be read
 * or is not one record, and Failure "release-failed" for a record with an error.
 */
export async function readOneRecord<F extends FieldName>(
  file: string,
  reads: readonly F[],
): Promise<RecordWith<F>> {
  const records: RecordWith<F>[] = [];
  const input = createReadStream(file);
  try {
    await once(input, "open");
    for await (const line of checkedRecords(input, () => reads)) {
      if ("problem" in line) throw new UsageError(`${file}:${line.number}: ${line.problem}`);
      if (hasFailed(line.record))
        throw new Failure("release-failed", `${file}:${line.number} is the record of a release that failed`);
      records.push(line.record as RecordWith<F>);
    }
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code || error instanceof Failure) throw error;
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  } finally {
    input.destroy();
  }
  const [only, ...more] = records;
  if (only === undefined || more.length > 0)
    throw new UsageError(`${file} has ${records.length} records; one release is wanted`);
  return only;
}
