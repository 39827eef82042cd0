// The keys of essay.toml, as essay.toml(5) describes them.

import * as v from "valibot";
import { isObject } from "../base/json.js";

const optional = v.exactOptional;
const text = v.pipe(v.string("must be a text in quotes"), v.minLength(1, "must not be empty"));

function numberFrom(least: number, most: number, message: string) {
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}
const port = numberFrom(1, 65535, "must be a port, a number from 1 to 65535");
const count = numberFrom(1, 10_000, "must be a number from 1 to 10000");

const noTable = "must be a table";
// valibot takes an array for an object.
const aTable = v.custom<Record<string, unknown>>(isObject, noTable);
/** A table of these keys and no others. */
function table<E extends v.ObjectEntries>(entries: E) {
  return v.pipe(aTable, v.strictObject(entries));
}
/** A table whose keys the user chooses. */
function named<S extends v.GenericSchema>(value: S) {
  return v.pipe(aTable, v.rawCheck(refuseNames), v.record(v.string(), value));
}

/** valibot leaves these keys out without a word. */
function refuseNames({ dataset, addIssue }: v.RawCheckContext<Record<string, unknown>>): void {
  if (!dataset.typed) return;
  const input = dataset.value;
  for (const key of ["__proto__", "constructor", "prototype"])
    if (Object.hasOwn(input, key))
      addIssue({
        message: "cannot be the name of anything",
        path: [{ type: "object", origin: "key", input, key, value: input[key] }],
      });
}

const strings = v.array(text, 'must be a list, such as ["a", "b"]');
const vars = named(v.union([v.string(), v.number(), v.boolean()], "must be a text, a number, true or false"));

const role = v.union(
  [
    strings,
    table({
      hosts: strings,
      user: optional(text),
      port: optional(port),
      prefix: optional(text),
      bind: optional(text),
      become: optional(text),
      index: optional(text),
      vars: optional(vars),
    }),
  ],
  'must be a list of hosts, such as ["web1.example.com"], or a table with such a list as hosts',
);

const way = { upload: optional(text), proxy: optional(text), ca_bundle: optional(text) };
const namedIndex = table({ url: text, ...way });

const schemes = ["y.m.d.n", "yy.m.d.n", "yyyy.m.d.n"] as const;
const noDigits = 'must be digits in quotes, such as "880"';

const hook = v.union(
  [text, table({ run: text, once: optional(v.boolean("must be true or false")) })],
  'must be a command in quotes, or a table such as { run = "demo migrate", once = true }',
);
const hooks = v.union([text, v.array(hook)], 'must be a command, or a list such as ["demo check"]');

const noMode = 'must be three or four octal digits in quotes, such as "0640"';
const confFile = table({
  from: text,
  to: text,
  mode: optional(v.pipe(v.string(noMode), v.regex(/^0?[0-7]{3}$/, noMode))),
  owner: optional(text),
  raw: optional(v.boolean("must be true or false")),
  env: optional(strings),
});

/** A whole configuration, before [env.NAME] is laid over it and taken away. */
export const configuration = table({
  project: optional(text),
  version: optional(table({ scheme: optional(v.picklist(schemes, `must be one of ${schemes.join(", ")}`)) })),
  git: optional(table({ repo: optional(text), branch: optional(text) })),
  build: optional(
    table({
      on: optional(text),
      path: optional(text),
      settings: optional(strings),
      pre: optional(text),
      out: optional(text),
    }),
  ),
  index: optional(v.pipe(aTable, v.objectWithRest({ url: optional(text), ...way }, namedIndex))),
  roles: optional(named(role)),
  deploy: optional(
    table({
      role: optional(text),
      prefix: optional(text),
      processes: optional(count),
      jobs: optional(count),
      wait: optional(numberFrom(1, 86_400, "must be a number of seconds from 1 to 86400")),
      dirs: optional(strings),
      virtualenv: optional(text),
      profile: optional(text),
      pre: optional(hooks),
      post: optional(hooks),
      conf: optional(v.array(confFile, "must be a list of tables")),
    }),
  ),
  supervisor: optional(table({ template: optional(text) })),
  ports: optional(named(v.pipe(v.string(noDigits), v.regex(/^\d{1,4}$/, noDigits)))),
  check: optional(
    table({
      http: optional(text),
      tcp: optional(v.boolean("must be true or false")),
      command: optional(v.pipe(strings, v.minLength(1, "must not be empty"))),
      from: optional(v.picklist(["host", "here"], 'must be "host" or "here"')),
      host: optional(text),
      status: optional(numberFrom(100, 599, "must be a status of HTTP, a number from 100 to 599")),
      expect: optional(text),
      expect_header: optional(text),
      expect_version: optional(v.boolean("must be true or false")),
      timeout: optional(numberFrom(1, 86_400, "must be a number of seconds from 1 to 86400")),
    }),
  ),
  ssh: optional(table({ config: optional(text) })),
  nginx: optional(
    table({
      role: optional(text),
      bin: optional(text),
      conf: optional(text),
      switch_conf: optional(text),
      sides: optional(named(text)),
    }),
  ),
  history: optional(table({ file: optional(text) })),
  alias: optional(named(text)),
});

export type Configuration = v.InferOutput<typeof configuration>;

/** As far as valibot's schemas are looked into. */
export interface Schema {
  entries?: Record<string, Schema>;
  rest?: Schema;
  value?: Schema;
  item?: Schema;
  options?: Schema[];
  pipe?: Schema[];
  wrapped?: Schema;
}

/** A schema without what is wrapped around it; of a union the table. */
function bare(schema: Schema | undefined): Schema | undefined {
  const inner = schema?.wrapped ?? schema?.pipe?.at(-1) ?? schema?.options?.at(-1);
  return inner && inner !== schema ? bare(inner) : schema;
}

/** The keys that may stand where `path` leads to, for "did you mean". */
function keysAt(path: readonly string[]): string[] {
  let schema = bare(configuration as unknown as Schema);
  for (const key of path)
    schema = bare(schema?.entries?.[key] ?? schema?.rest ?? schema?.value ?? schema?.item);
  return Object.keys(schema?.entries ?? {});
}

/** What is wrong with a value at a path of keys; `known` are the keys that might have been meant. */
export interface Problem {
  path: string[];
  message: string;
  known: string[];
}

type Issue = v.BaseIssue<unknown>;
interface Leaf {
  path: string[];
  issue: Issue;
}

/** True for a key that no schema knows. */
const isUnknown = ({ issue }: Leaf) => issue.expected === "never";

/** The leaf to speak of: an unknown key explains a missing one; what lies deeper was read further. */
function worst(leaves: readonly Leaf[]): Leaf {
  const order = (leaf: Leaf) => leaf.path.length + (isUnknown(leaf) ? 0.5 : 0);
  return [...leaves].sort((a, b) => order(b) - order(a))[0] as Leaf;
}

/** An issue with the whole path to it; of a union, that of the branch which was meant, if one was. */
function leafOf(issue: Issue, above: readonly string[]): Leaf {
  const path = [...above, ...(issue.path ?? []).map(({ key }) => String(key))];
  const inner = (issue.issues ?? [])
    .map((one) => leafOf(one, path))
    .filter((leaf) => leaf.path.length > path.length);
  return inner.length > 0 ? worst(inner) : { path, issue };
}

/** Checks a parsed document. */
export function check(document: unknown): Configuration | Problem {
  const result = v.safeParse(configuration, document);
  if (result.success) return result.output;
  const leaf = worst(result.issues.map((issue) => leafOf(issue, [])));
  const { path, issue } = leaf;
  const unknown = isUnknown(leaf);
  const missing = issue.received === "undefined";
  const perhapsUnknown = unknown || (issue.message === noTable && !missing);
  return {
    path,
    message: unknown ? "is no key of essay" : missing ? "is missing" : issue.message,
    known: perhapsUnknown ? keysAt(path.slice(0, -1)).filter((key) => key !== path.at(-1)) : [],
  };
}
