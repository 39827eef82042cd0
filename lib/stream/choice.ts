// Choosing records by what happened to them.

import type { Batch, RecordWith } from "../base/schema.js";
import type { Line } from "./reader.js";
import { hasFailed, labelOf } from "./table.js";

/** What a record must be; several roles are "one of these". */
export interface Choice {
  failed?: boolean;
  changed?: boolean;
  roles?: readonly string[];
}

type Row = Record<string, unknown>;

const listIn = (record: Row, name: string): readonly unknown[] =>
  Array.isArray(record[name]) ? record[name] : [];

/** Whether a record is all that the choice says; an empty choice takes every record. */
export function isChosen(record: Row, { failed, changed, roles }: Choice): boolean {
  const wasChanged = () =>
    listIn(record, "trace").some((entry) => (entry as { changed?: unknown } | null)?.changed === true);
  const hasRole = (names: readonly string[]) =>
    listIn(record, "roles").some((role) => typeof role === "string" && names.includes(role));
  return (
    (failed === undefined || hasFailed(record) === failed) &&
    (changed === undefined || wasChanged() === changed) &&
    (roles === undefined || hasRole(roles))
  );
}

/**
 * The records without those that a later batch has again: of two runs in one file, the second one says how it
 * went in the end. A batch that has a host and virtualenv twice means both.
 */
export function lastOfEach(lines: readonly Line[]): Line[] {
  const keyOf = (record: Row) =>
    `${labelOf(record)} ${(record as RecordWith<"venv">).venv?.name ?? ""} ${record.host === undefined ? JSON.stringify(record) : ""}`;
  const batchOf = (record: Row) => (record.batch as Batch | undefined)?.id;
  const last = new Map(lines.map(({ record }) => [keyOf(record), batchOf(record)]));
  return lines.filter(({ record }) => last.get(keyOf(record)) === batchOf(record));
}
