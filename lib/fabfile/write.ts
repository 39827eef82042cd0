// The text of an essay.toml that comes from a fabfile, with comments for what is not in it.

import { isObject } from "../base/json.js";
import { printable } from "../base/printable.js";
import { type TomlValue, tomlKey, tomlValue } from "../base/toml.js";
import type { Code } from "./read.js";
import type { Entry, Omission, Translation } from "./settings.js";

/** Tables in the order in which people look for them. */
const order = ["", "git", "build", "index", "roles", "deploy", "supervisor", "ports", "nginx"];

/** Remarks that stand in a table, for what the fabfile does not say. */
const remarks: Record<string, readonly string[]> = {
  "": [
    '# version.scheme = "yy.m.d.n"   # where nothing is said, y.m.d.n, as the Python tool has it, which begins',
    "#                                 again every ten years; yy.m.d.n sorts above all of them",
  ],
  index: [
    '# upload = "..."                # where it takes files, if elsewhere; es-upload --index internal finds that',
    "#                                 section of ~/.pypirc, as `upload -r internal` does",
  ],
};

const line = (key: string, value: TomlValue, remark?: string) =>
  `${tomlKey(key)} = ${tomlValue(value)}${remark === undefined ? "" : `   # ${remark}`}`;

/** The lines of one table; those of its tables come behind it. */
function table(name: string, entries: readonly Entry[]): string[] {
  const own = entries.filter(({ value }) => !isObject(value));
  const inner = entries.flatMap(({ keys, value }) =>
    isObject(value)
      ? [
          "",
          `[${keys.map(tomlKey).join(".")}]`,
          ...Object.entries(value).map(([key, item]) => line(key, item)),
        ]
      : [],
  );
  const lines = own.map(({ keys, value, remark }) => line(keys.at(-1) ?? "", value, remark));
  const more = remarks[name] ?? [];
  const head = name === "" ? [""] : ["", `[${name}]`];
  return lines.length + more.length === 0 ? inner : [...head, ...lines, ...more, ...inner];
}

/** What was not taken over, as comments: whatever the fabfile has in it, each line of them begins with #. */
function omitted({ line, text, why }: Omission): string[] {
  const [first = "", ...rest] = text.split("\n");
  const label = `# line ${line}: `;
  const margin = `#${" ".repeat(label.length - 1)}`;
  return [
    "#",
    label + printable(first),
    ...rest.map((row) => margin + printable(row)),
    `#   ${printable(why)}`,
  ];
}

const kinds: Record<Code["kind"], string> = {
  function: "functions, which es-run(1), deploy.pre and deploy.post, or [alias] can stand for",
  class: "classes",
  call: "calls, which may set something, too",
  import: "imports of all names of another file, which may set something, too; es-import reads it by itself",
};

/** Other code of the fabfile, by kinds. */
function otherCode(code: readonly Code[]): string[] {
  return Object.entries(kinds).flatMap(([kind, text]) => {
    const some = code.filter((one) => one.kind === kind);
    if (some.length === 0) return [];
    return ["#", `# ${text}:`, ...some.map(({ name, line }) => `#   line ${line}: ${printable(name)}`)];
  });
}

/** The whole text. `source` is what the fabfile is called. */
export function essayToml(
  source: string,
  { entries, omissions }: Translation,
  code: readonly Code[],
): string {
  const tables = order.flatMap((name) => {
    const some = entries.filter(({ keys }) => (keys.length > 1 ? keys[0] : "") === name);
    return some.length > 0 ? table(name, some) : [];
  });
  const missing = [...omissions.flatMap(omitted), ...otherCode(code)];
  return `${[
    `# Configuration of essay, from ${printable(source)}: man 5 essay.toml`,
    ...tables,
    ...(missing.length > 0 ? ["", `# Not taken over from ${printable(source)}:`, ...missing] : []),
  ].join("\n")}\n`;
}
