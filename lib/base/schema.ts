// The fields of records, as es-record(5) describes them. lib/record.schema.json is made from this file.
// Steps import its types; only the reader of records needs the checks at run time.

import * as v from "valibot";

const text = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const strings = v.array(text);

const file = v.object({
  path: text,
  filename: text,
  kind: v.picklist(["sdist", "wheel"]),
  name: text,
  version: text,
  size: count,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

const upload = v.object({ filename: text, url: text, outcome: v.picklist(["uploaded", "present"]) });

const traceEntry = v.object({
  step: text,
  args: v.array(v.string()),
  at: text,
  ms: v.pipe(v.number(), v.minValue(0)),
  changed: v.boolean(),
  plan: v.exactOptional(v.boolean()),
  code: v.exactOptional(text),
});

const process = v.object({
  name: text,
  state: text,
  pid: v.nullable(count),
  port: v.nullable(count),
});

const check = v.object({
  name: v.exactOptional(text),
  port: v.nullable(count),
  url: v.nullable(text),
  status: v.nullable(v.union([count, text])),
  ms: v.pipe(v.number(), v.minValue(0)),
  ok: v.boolean(),
});

const ran = v.object({
  args: v.array(v.string()),
  exit: v.nullable(count),
  signal: v.exactOptional(text),
  stdout: v.exactOptional(v.string()),
  cut: v.exactOptional(v.boolean()),
  once: v.exactOptional(text),
});

const venvStatus = v.object({
  name: text,
  path: text,
  state: v.picklist(["sound", "marked", "broken"]),
  marks: strings,
  held: v.exactOptional(text),
  python: v.nullable(text),
  version: v.nullable(text),
  bad: v.exactOptional(text),
  generation: count,
  started: v.nullable(count),
  supervisor: v.picklist(["running", "silent", "down"]),
  processes: v.array(process),
  cpu: v.nullable(v.number()),
  memory: v.nullable(count),
  strays: v.array(v.object({ pid: count, user: text, command: text })),
});

const system = v.object({
  load: v.array(v.number()),
  cpus: v.nullable(count),
  memory: v.nullable(count),
  free: v.nullable(count),
  uptime: v.nullable(count),
});

const deed = v.object({
  at: text,
  user: text,
  from: text,
  host: v.exactOptional(text),
  step: text,
  args: v.array(v.string()),
  project: v.exactOptional(text),
  version: v.exactOptional(text),
  commit: v.exactOptional(text),
  profile: v.exactOptional(text),
  venv: v.exactOptional(text),
  changes: v.array(v.string()),
  outcome: v.picklist(["done", "failed", "cut-short"]),
  code: v.exactOptional(text),
});

/** A schema for each known field of a record, by its name. */
export const fields = {
  // any record
  trace: v.array(traceEntry),
  batch: v.object({ id: text, size: count }),
  error: v.object({
    step: text,
    code: text,
    message: v.string(),
    exit: v.exactOptional(v.number()),
    signal: v.exactOptional(text),
    stderr: v.exactOptional(v.string()),
  }),
  // what is released or deployed
  project: text,
  version: text,
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)),
  // release records
  yanked: v.boolean(),
  released: text,
  branch: text,
  files: v.array(file),
  index: text,
  uploaded: v.array(upload),
  // host records
  host: text,
  user: text,
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)),
  transport: v.picklist(["ssh", "local"]),
  roles: strings,
  vars: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  prefix: text,
  bind: text,
  become: text,
  plan: v.boolean(),
  profile: text,
  live: text,
  venv: v.object({ name: text, path: text }),
  python: text,
  installed: v.record(v.string(), text),
  processes: v.array(process),
  checks: v.array(check),
  ran,
  venvs: v.array(venvStatus),
  system,
  history: v.array(deed),
  nginx: v.object({ conf: text, from: text, to: text, live: v.nullable(text) }),
};

export type FieldName = keyof typeof fields;
type Value<F extends FieldName> = v.InferOutput<(typeof fields)[F]>;

/** A record of which the named fields may be looked at; each may be absent. */
export type RecordWith<F extends FieldName> = { [K in F]?: Value<K> };

export type TraceEntry = Value<"trace">[number];
export type Batch = Value<"batch">;
export type RecordError = Value<"error">;
export type ReleaseFile = Value<"files">[number];
export type Upload = Value<"uploaded">[number];
export type Process = Value<"processes">[number];
export type Check = Value<"checks">[number];
export type Ran = Value<"ran">;
export type Venv = Value<"venv">;
export type VenvStatus = Value<"venvs">[number];
export type System = Value<"system">;
export type Deed = Value<"history">[number];

/**
 * Says what is wrong with the named fields of a record, as one clause ("port must be ..."), or undefined.
 * Absent fields are not wrong.
 */
export function wrongField(record: Record<string, unknown>, names: readonly FieldName[]): string | undefined {
  for (const name of names) {
    if (!Object.hasOwn(record, name)) continue;
    const result = v.safeParse(fields[name], record[name]);
    if (result.success) continue;
    const issue = result.issues[0];
    const place = v.getDotPath(issue);
    return `field ${place === null ? name : `${name}.${place}`}: ${issue.message}`;
  }
  return undefined;
}
