// The keys of essay.toml, as essay.toml(5) describes them.

import * as v from "valibot";

const text = v.pipe(v.string(), v.minLength(1, "must not be empty"));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const strings = v.array(text);
const optional = v.exactOptional;
const vars = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

const role = v.union([
  strings,
  v.strictObject({
    hosts: strings,
    user: optional(text),
    port: optional(port),
    prefix: optional(text),
    bind: optional(text),
    become: optional(text),
    index: optional(text),
    vars: optional(vars),
  }),
]);

const namedIndex = v.strictObject({ url: text, upload: optional(text), proxy: optional(text) });

/** A whole configuration, before [env.NAME] is laid over it and taken away. */
export const configuration = v.strictObject({
  project: optional(text),
  version: optional(v.strictObject({ scheme: optional(v.picklist(["y.m.d.n", "yy.m.d.n", "yyyy.m.d.n"])) })),
  git: optional(v.strictObject({ repo: optional(text), branch: optional(text) })),
  build: optional(
    v.strictObject({
      on: optional(text),
      path: optional(text),
      settings: optional(strings),
      pre: optional(text),
      out: optional(text),
    }),
  ),
  index: optional(
    v.objectWithRest({ url: optional(text), upload: optional(text), proxy: optional(text) }, namedIndex),
  ),
  roles: optional(v.record(v.string(), role)),
  deploy: optional(
    v.strictObject({
      prefix: optional(text),
      processes: optional(count),
      jobs: optional(count),
      dirs: optional(strings),
      virtualenv: optional(text),
      profile: optional(text),
      pre: optional(text),
      post: optional(text),
      conf: optional(v.array(v.strictObject({ from: text, to: text, mode: optional(text) }))),
    }),
  ),
  supervisor: optional(v.strictObject({ template: optional(text) })),
  ports: optional(
    v.record(v.string(), v.pipe(v.string(), v.regex(/^\d{1,4}$/, 'must be digits in quotes, such as "880"'))),
  ),
  check: optional(v.strictObject({ http: optional(text), host: optional(text), expect: optional(text) })),
  ssh: optional(v.strictObject({ config: optional(text) })),
  nginx: optional(
    v.strictObject({
      role: optional(text),
      bin: optional(text),
      conf: optional(text),
      switch_conf: optional(text),
      sides: optional(v.record(v.string(), text)),
    }),
  ),
  alias: optional(v.record(v.string(), text)),
});

export type Configuration = v.InferOutput<typeof configuration>;
export type Role = v.InferOutput<typeof role>;

type Schema = {
  entries?: Record<string, Schema>;
  rest?: Schema;
  value?: Schema;
  options?: Schema[];
  wrapped?: Schema;
};

/** The keys that may stand where `path` leads to, for "did you mean". */
function keysAt(path: readonly string[]): string[] {
  let schema: Schema | undefined = configuration as unknown as Schema;
  for (const key of path) {
    while (schema?.wrapped) schema = schema.wrapped;
    schema = schema?.options?.find((option) => option.entries) ?? schema;
    schema = schema?.entries?.[key] ?? schema?.rest ?? schema?.value;
  }
  while (schema?.wrapped) schema = schema.wrapped;
  schema = schema?.options?.find((option) => option.entries) ?? schema;
  return Object.keys(schema?.entries ?? {});
}

/** What is wrong with a value at a path of keys; `known` are the keys that might have been meant. */
export interface Problem {
  path: string[];
  message: string;
  known: string[];
}

/** Checks a parsed document. */
export function check(document: unknown): Configuration | Problem {
  const result = v.safeParse(configuration, document);
  if (result.success) return result.output;
  let issue: v.BaseIssue<unknown> = result.issues[0];
  // Of a union's branches, the one that got furthest tells what was meant.
  for (let deeper = issue.issues; deeper; deeper = issue.issues)
    issue = [...deeper].sort(
      (a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0),
    )[0] as v.BaseIssue<unknown>;
  const outer = (result.issues[0].path ?? []).map(({ key }) => String(key));
  const inner = issue === result.issues[0] ? [] : (issue.path ?? []).map(({ key }) => String(key));
  const path = [...outer, ...inner];
  const unknown = issue.expected === "never";
  return {
    path,
    message: unknown ? "is no key of essay" : issue.message,
    known: unknown ? keysAt(path.slice(0, -1)) : [],
  };
}
