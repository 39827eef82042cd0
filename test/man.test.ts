// The manual and the project's papers know every name that there is.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { configuration, type Schema } from "../lib/config/schema.js";
import { examplesOf, pages, pattern } from "./lab/manual.js";
import { expectStatus, recordsOf, scratch } from "./lab/program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const sources = ["bins", "lib"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => read(join(folder, file))),
);

/** Names of all keys of a schema, at any depth. */
function keysOf(schema: Schema | undefined): string[] {
  if (schema === undefined) return [];
  const { entries = {}, rest, value, item, options = [], pipe = [], wrapped } = schema;
  const inside = [...Object.values(entries), rest, value, item, wrapped, ...options, ...pipe];
  return [...Object.keys(entries), ...inside.flatMap(keysOf)];
}

test("essay.toml(5) explains every key", () => {
  const words = new Set(read("man/essay.toml.5").split(/[\s.,[\]{}]+/));
  const keys = keysOf(configuration as unknown as Schema);
  assert.ok(keys.includes("switch_conf"), "keys are not found any more");
  assert.deepEqual(
    keys.filter((key) => !words.has(key)),
    [],
  );
});

test("the configuration that essay.toml(5) shows is one", async (t) => {
  const directory = scratch(t);
  const [, shown = ""] = /^\.Bd -literal.*\n(project = [\s\S]*?)\.Ed$/m.exec(read("man/essay.toml.5")) ?? [];
  writeFileSync(join(directory, "essay.toml"), shown);
  const plain = await expectStatus(0, "es-hosts", ["web", "nginx"], { cwd: directory });
  assert.equal(recordsOf(plain.stdout).length, 23);
  const staging = await expectStatus(0, "es-hosts", ["--env", "staging", "web"], { cwd: directory });
  assert.deepEqual(
    recordsOf(staging.stdout).map(({ host, profile }) => [host, profile]),
    [["staging.example.com", "staging"]],
  );
});

test("essay.toml(5) explains every variable of the environment", () => {
  // Read by name, or as the table of settings says.
  const reading = /\b(?:process\.env\.|env: ")(ESSAY_[A-Z_]+)\b/g;
  const used = new Set(sources.flatMap((text) => [...text.matchAll(reading)].map(([, name = ""]) => name)));
  assert.ok(used.has("ESSAY_INDEX"), "variables are not found any more");
  const page = read("man/essay.toml.5");
  assert.deepEqual(
    [...used].filter((name) => !page.includes(`.It Ev ${name}\n`)),
    [],
  );
});

/** The codes that are items of a page, by their section. */
const codesIn = (page: string, heading: string) =>
  [
    ...(page.split(heading)[1]?.split(/^\.S[hs] /m)[0] ?? "").matchAll(
      /^\.It Li ([a-z][\w-]+(?: , [\w-]+)*)$/gm,
    ),
  ].flatMap(([, codes = ""]) => codes.split(" , "));

test("essay-recipes(7) says what to do about each code by which a host is not reached, and of others that there are", () => {
  const record = read("man/es-record.5");
  const [, trouble = ""] = read("man/essay-recipes.7").split(".Sh WHEN SOMETHING FAILS\n");
  const told = new Set(
    [...trouble.matchAll(/^\.Ss .*$/gm)].flatMap(([heading]) => codesIn(trouble, heading)),
  );
  const reaching = codesIn(record, ".Ss Reaching a host\n");
  assert.ok(reaching.length > 15, "codes are not found any more");
  assert.deepEqual(
    reaching.filter((code) => !told.has(code)),
    [],
  );
  const known = new Set([...record.matchAll(/^\.Ss .*$/gm)].flatMap(([heading]) => codesIn(record, heading)));
  assert.deepEqual(
    [...told].filter((code) => !known.has(code)),
    [],
  );
});

test("README.md and essay(7) list every executable", () => {
  for (const name of Object.keys(JSON.parse(read("package.json")).bin)) {
    assert.match(read("README.md"), new RegExp(`^\\| \`${name}\` +\\|`, "m"), name);
    assert.match(read("man/essay.7"), new RegExp(`^\\.It Xr ${name} 1$`, "m"), name);
  }
});

test("README.zh.md has the commands, outputs, programs and links of README.md", () => {
  const shared = (text: string) => ({
    displays: text.split("\n").filter((line) => line.startsWith("    ")),
    sections: text.split("\n").filter((line) => line.startsWith("## ")).length,
    programs: [...text.matchAll(/^\| `(es[\w-]*)` +\|/gm)].map(([, name]) => name),
    links: [...text.matchAll(/\]\(([\w./-]+)\)/g)]
      .map(([, link]) => link)
      .filter((link) => !/^README/.test(link ?? "")),
    pages: [...text.matchAll(/`man (\S+)`/g)].map(([, page]) => page),
  });
  assert.deepEqual(shared(read("README.zh.md")), shared(read("README.md")));
});

test("CONTRIBUTING.md gives the reason of every dependency", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  const text = read("CONTRIBUTING.md");
  for (const name of [...Object.keys(dependencies), ...Object.keys(devDependencies)])
    assert.match(
      text,
      new RegExp(`^\\|.*(^|[ ,])${name.replace(/^@types\/.*/, "@types/\\*")}[ ,]`, "m"),
      name,
    );
});

test("pages of programs have their sections in one order", () => {
  const order = "NAME SYNOPSIS DESCRIPTION RECORDS ENVIRONMENT FILES EXIT-STATUS EXAMPLES SEE-ALSO".split(
    " ",
  );
  for (const { name } of pages().filter((page) => page.name.endsWith(".1"))) {
    const found = [...read(`man/${name}`).matchAll(/^\.Sh (.*)$/gm)].map(([, s = ""]) => s.replace(" ", "-"));
    assert.deepEqual(
      found,
      order.filter((section) => found.includes(section)),
      name,
    );
  }
});

test("examples are commands and what they show", () => {
  const page = `.Sh EXAMPLES
.Bd -literal -offset indent
$ cat <<END
> a\\eb
> END
a\\eb
$ true
.Ed
.Bd -literal
es-not run
.Ed
.Sh SEE ALSO
.Bd -literal
$ not this
.Ed
`;
  assert.deepEqual(examplesOf(page), [
    { command: "cat <<END\na\\b\nEND", shown: ["a\\b"] },
    { command: "true", shown: [] },
  ]);
  assert.match("x\ny\na (1.5 s) b\n", pattern(["...", "a (... s) b"]));
  assert.doesNotMatch("a (1.5 s) b\nz\n", pattern(["...", "a (... s) b"]));
  assert.doesNotMatch("a\n1 b\n", pattern(["a... b"]));
});
