// The set is complete and in its layers, as CONTRIBUTING.md asks: seen from its files.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fields } from "../lib/base/schema.js";
import { commonOptions, hostOptions } from "../lib/flags.js";
import { compose, holding } from "../lib/remote/compose.js";
import { expectStatus, program } from "./lab/program.js";
import { recordSchema, schemaFile } from "./lab/record-schema.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Files below a folder, as paths from the root. */
function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file))
    .sort();
}

const sources = [...filesIn("bins", ".ts"), ...filesIn("lib", ".ts")];
const executables = filesIn("bins", ".ts").map((file) => basename(file, ".ts"));
const pages = readdirSync(join(root, "man")).map((file) => join("man", file));
const manifest = JSON.parse(read("package.json"));

interface Import {
  from: string;
  to: string;
  /** Leaves nothing in the built file. */
  typeOnly: boolean;
  /** `import(...)` inside a function. */
  late: boolean;
}

/** What a source imports: files of ours as paths from the root, packages by their names. */
function importsOf(file: string): Import[] {
  const text = read(file);
  const resolved = (name: string) =>
    name.startsWith(".") ? normalize(join(dirname(file), name)).replace(/\.js$/, ".ts") : name;
  const early = [...text.matchAll(/^(?:import|export)\s(type\s)?(?:[^;"]*?\sfrom\s)?"([^"]+)";/gm)];
  const late = [...text.matchAll(/\bimport\("([^"]+)"\)/g)];
  return [
    ...early.map(([, type, name = ""]) => ({
      from: file,
      to: resolved(name),
      typeOnly: type !== undefined,
      late: false,
    })),
    ...late.map(([, name = ""]) => ({ from: file, to: resolved(name), typeOnly: false, late: true })),
  ];
}

const imports = sources.flatMap(importsOf);
const own = imports.filter(({ to }) => /^(bins|lib|test)\//.test(to));

/** The layer of a file: "bins", a folder of lib such as "stream", or a file of lib itself such as "step". */
function layerOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  return top === "lib" ? second.replace(/\.ts$/, "") : top;
}

const rootFiles = filesIn("lib", ".ts")
  .filter((file) => dirname(file) === "lib")
  .map((file) => layerOf(file));

/** What the files of lib itself may import; every one of them sees "base". */
const allowedOfRoot: Record<string, readonly string[]> = {
  flags: [],
  interrupt: [],
  verbs: [],
  "status-line": [],
  "process-tree": [],
  foreground: ["interrupt", "process-tree"],
  attempts: ["cli", "foreground", "step", "stream"],
  "stand-in": ["interrupt"],
  progress: ["transport", "view"],
  overview: ["alias", "flags", "manual"],
  "show-manual": ["foreground", "interrupt", "manual"],
  "live-view": ["interrupt", "transport", "view"],
  cli: ["flags", "interrupt", "progress", "status-line"],
  "step-run": ["cli", "stream"],
  step: ["cli", "step-run", "stream"],
  roll: ["cli", "foreground", "hosts", "step", "step-run", "stream"],
  "host-session": ["cli", "config", "flags", "transport"],
  history: ["cli", "config"],
  "host-status": ["supervisor", "transport"],
  "host-verdicts": ["status", "transport", "version"],
  "host-step": ["cli", "flags", "config", "history", "transport"],
  "build-host": ["flags", "host-step", "config", "hosts", "transport"],
  "build-source": ["build-host", "config"],
  "host-venv": ["config", "venv"],
  "host-live": ["cli", "flags", "host-nginx", "host-step", "hosts", "nginx", "step", "stream", "transport"],
  "host-nginx": ["config", "flags", "transport"],
  "doctor-project": ["config", "doctor"],
  "doctor-index": ["config", "doctor", "index"],
  "doctor-hosts": ["config", "doctor", "host-nginx", "host-status", "host-venv", "transport"],
  "host-balancers": ["nginx", "remote", "transport"],
  "pip-run": ["build-host", "package", "transport"],
  "host-files": ["config", "remote", "templates", "transport"],
  "host-check": ["check", "transport"],
  "host-run": ["config", "remote", "run", "transport"],
  "host-runs": ["host-run", "run", "stream", "transport"],
  "pip-wanted": ["index", "stream", "version"],
  "pip-wheel": ["index", "package", "transport", "version"],
  "pip-install": ["index", "pip-wanted", "remote", "transport"],
  "index-releases": ["index", "version"],
  "host-conf": ["config", "supervisor", "templates", "transport"],
};

/** What folders may import beside "base". */
const allowedOfFolders: Record<string, readonly string[]> = {
  transport: ["remote"],
  report: ["stream"],
  status: ["stream"],
};

function mayImport(from: string, to: string): boolean {
  if (from === to) return from !== "bins";
  if (from === "bins") return to !== "test";
  if (from === "base") return false;
  if (to === "base") return true;
  return (allowedOfRoot[from] ?? allowedOfFolders[from] ?? []).includes(to);
}

test("imports point one way", () => {
  const wrong = own
    .filter(({ from, to }) => !mayImport(layerOf(from), layerOf(to)))
    .map(({ from, to }) => `${from} imports ${to}`);
  assert.deepEqual(wrong, []);
  for (const name of rootFiles) assert.ok(Object.hasOwn(allowedOfRoot, name), `lib/${name}.ts has no place`);
});

test("in lib/index, programs that ask an index know nothing of the one that we serve, its files nothing of HTTP", () => {
  const part = (file: string) => /^lib\/index\/(server|store)\//.exec(file)?.[1] ?? "client";
  const may = { client: ["client"], store: ["client", "store"], server: ["client", "store", "server"] };
  const wrong = own
    .filter(({ from, to }) => from.startsWith("lib/index/") && to.startsWith("lib/index/"))
    .filter(({ from, to }) => !may[part(from) as keyof typeof may].includes(part(to)))
    .map(({ from, to }) => `${from} imports ${to}`);
  assert.deepEqual(wrong, []);
});

test("imports lead to files", () => {
  assert.ok(own.length > 100, "imports are not found any more");
  for (const { from, to } of own) assert.ok(existsSync(join(root, to)), `${from} imports ${to}`);
});

test("imports make no circle", () => {
  const finished = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    assert.ok(!way.includes(file), `a circle: ${[...way, file].join(" -> ")}`);
    if (finished.has(file)) return;
    for (const { from, to } of own) if (from === file) visit(to, [...way, file]);
    finished.add(file);
  };
  for (const file of sources) visit(file, []);
});

test("an executable loads no package at its start but the two small ones", () => {
  const loaded = (file: string, seen = new Set<string>()): Set<string> => {
    for (const { from, to, typeOnly, late } of imports) {
      if (from !== file || typeOnly || late || seen.has(to)) continue;
      seen.add(to);
      loaded(to, seen);
    }
    return seen;
  };
  for (const name of executables) {
    const packages = [...loaded(`bins/${name}.ts`)].filter((to) => !/^(lib\/|node:)/.test(to));
    const heavy = packages.filter((to) => !["minimist", "split2"].includes(to));
    assert.deepEqual(heavy, [], `${name} loads more than it needs for --help`);
  }
});

test("no file only passes on, exports by default, or has a name that says nothing", () => {
  for (const file of [...sources, ...filesIn("test", ".ts")]) {
    assert.doesNotMatch(read(file), /^export (type )?(\*|\{[^}]*\}) from /m, file);
    assert.doesNotMatch(read(file), /^export default /m, file);
    assert.doesNotMatch(file, /(^|[/-])(utils?|helpers?|common|misc|managers?|shared)([/.-])/, file);
  }
});

test("the folders are those of the design", () => {
  const found = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist$)/.test(entry.name))
    .map(({ name }) => name);
  assert.deepEqual(found.sort(), ["bins", "lib", "man", "test"]);
});

test("every executable is in package.json, with its page", () => {
  const bin = Object.fromEntries(executables.map((name) => [name, `dist/bins/${name}.cjs`]));
  assert.deepEqual(manifest.bin, bin);
  const expected = [
    ...executables.map((name) => `man/${name}.1`),
    "man/es-record.5",
    "man/essay.toml.5",
    "man/essay.7",
    "man/essay-recipes.7",
  ];
  assert.deepEqual([...manifest.man].sort(), expected.sort());
  assert.deepEqual([...pages].sort(), expected);
});

test("every executable begins in the same way", () => {
  const order = ["name", "summary", "usage", "operands", "command", "stopEarly", "timeout", "options"];
  for (const name of executables) {
    const text = read(`bins/${name}.ts`);
    assert.ok(text.startsWith(`#!/usr/bin/env node\n// ${name}: `), name);
    const [, fields = ""] = /^const command = \{\n(.*?)^\} as const/ms.exec(text) ?? [];
    const names = [...fields.matchAll(/^ {2}(\w+):/gm)].map(([, field = ""]) => field);
    assert.deepEqual(
      names,
      order.filter((field) => names.includes(field)),
      name,
    );
    assert.ok(names.includes("options"), name);
  }
});

/** Sources without a test of the same name, and why that is so. */
const untested: Record<string, string> = {
  "lib/index/hash-wasm.d.ts": "only types",
};

test("every source has its test, of the same name", () => {
  const tests = new Set(filesIn("test", ".test.ts"));
  const hasTest = (file: string) =>
    [".test.ts", ".lab.test.ts"].some((ending) => tests.has(join("test", file.replace(/\.ts$/, ending))));
  assert.deepEqual(
    sources.filter((file) => !hasTest(file) && !Object.hasOwn(untested, file)),
    [],
  );
  for (const file of Object.keys(untested)) assert.ok(existsSync(join(root, file)) && !hasTest(file), file);
});

/** The flags that --help of an executable tells, without their dashes. It must fit on a terminal. */
async function flagsOf(name: string): Promise<string[]> {
  const { stdout } = await expectStatus(0, name, ["--help"]);
  assert.doesNotMatch(stdout, /.{81}/, `${name} --help`);
  return [...stdout.matchAll(/^ {2}(?:-\w, | {4})--([\w-]+)/gm)].map(([, flag = ""]) => flag);
}

/** The flags that a page explains, also several in one item. */
function flagsExplained(page: string): string[] {
  const items = read(page).match(/^\.It Fl .*$/gm) ?? [];
  return items.flatMap((item) =>
    [...item.matchAll(/(?:Fl |, )(?:Fl )?-?([a-z][\w-]+)/g)].map(([, flag = ""]) => flag),
  );
}

test("every flag is explained in the page of its executable, and no other one", async () => {
  const everywhere = Object.keys(commonOptions);
  const missing: string[] = [];
  const surplus: string[] = [];
  for (const name of executables) {
    const flags = await flagsOf(name);
    assert.deepEqual(
      everywhere.filter((flag) => !flags.includes(flag)),
      [],
      `${name} --help`,
    );
    const page = `man/${name}.1`;
    const explained = existsSync(join(root, page)) ? flagsExplained(page) : [];
    for (const flag of flags)
      if (!everywhere.includes(flag) && !explained.includes(flag)) missing.push(`${page}: --${flag}`);
    for (const flag of explained) if (!flags.includes(flag)) surplus.push(`${page}: --${flag}`);
  }
  assert.deepEqual({ missing, surplus }, { missing: [], surplus: [] });
});

test("the flags that all have are explained in essay(7)", () => {
  const explained = flagsExplained("man/essay.7");
  const flags = [...Object.keys(commonOptions), ...Object.keys(hostOptions)];
  assert.deepEqual(
    flags.filter((flag) => !explained.includes(flag)),
    [],
  );
});

test("every page is clean, has its sections, and knows its name", async () => {
  for (const page of pages) {
    const { stdout, stderr } = await program("mandoc", ["-Tlint", "-Wwarning", join(root, page)]);
    assert.equal(stdout + stderr, "", page);
    const [, name, section] = /^man\/(.*)\.(\d)$/.exec(page) ?? [];
    const text = read(page);
    assert.match(text, new RegExp(`^\\.Dt ${name?.toUpperCase()} ${section}$`, "m"), page);
    assert.match(text, new RegExp(`^\\.Nm ${name}$`, "m"), page);
    const needed = ["NAME", "DESCRIPTION", "SEE ALSO"];
    if (section === "1") needed.push("SYNOPSIS", "EXIT STATUS", "EXAMPLES");
    for (const heading of needed) assert.match(text, new RegExp(`^\\.Sh ${heading}$`, "m"), page);
  }
});

test("pages refer to pages that are there", () => {
  const ours = new Set(pages.map((page) => page.slice("man/".length)));
  for (const page of pages)
    for (const [, name, section] of read(page).matchAll(/^\.Xr (es\S*) (\d)/gm))
      assert.ok(ours.has(`${name}.${section}`), `${page} refers to ${name}(${section})`);
});

/** The lists of scripts that are put together somewhere: the last one is a step's, the others are functions. */
const compositions = sources.flatMap((file) =>
  [...read(file).matchAll(/\bparts: \[([^\]]*)\]/g)].map(([, list = ""]) =>
    [...list.matchAll(/"([\w-]+)"/g)].map(([, part = ""]) => part),
  ),
);

test("every script is part of a program, and each program is clean under shellcheck", async () => {
  const used = new Set(["prelude", "history", ...compositions.flat()]);
  const scripts = filesIn("lib/remote", ".sh")
    .map((file) => basename(file, ".sh"))
    .sort();
  assert.deepEqual(scripts, [...used].sort());
  for (const parts of compositions) {
    const { program: input } = compose({ parts, args: ["an", "argument"], plan: false });
    await expectStatus(0, "shellcheck", ["--shell=sh", "-"], { input });
    for (const shell of [["dash"], ["busybox", "sh"]]) {
      const [name = "", ...args] = shell;
      await expectStatus(0, name, [...args, "-n"], { input });
    }
  }
});

test("a program that locks something is told apart by one of its parts", () => {
  const locks = (part: string) =>
    /\b(take_lock|try_lock|flock|lock_\w+)\b/.test(read(`lib/remote/${part}.sh`).replace(/^ *#.*$/gm, ""));
  assert.ok(holding.every((part) => part === "hold" || locks(part)));
  for (const parts of compositions)
    assert.equal(
      parts.some(locks),
      parts.some((part) => holding.includes(part)),
      parts.join(" "),
    );
});

test("the schema of records is up to date", () => {
  assert.equal(readFileSync(schemaFile, "utf8"), recordSchema(), "run: npm run schema");
});

/** The words that es-record(5) explains as items of lists. */
function recordItems(): Set<string> {
  const items = [...read("man/es-record.5").matchAll(/^\.It (.*)$/gm)];
  return new Set(items.flatMap(([, words = ""]) => words.split(/[\s,]+/)));
}

test("es-record(5) explains every field", () => {
  const items = recordItems();
  assert.deepEqual(
    Object.keys(fields).filter((name) => !items.has(name)),
    [],
  );
});

test("es-record(5) explains every code of an error", () => {
  const inSources = sources.flatMap((file) =>
    [...read(file).matchAll(/\bnew Failure\(\s*"([\w-]+)"|\bcode: "([a-z][\w-]*)"/g)].map(
      ([, a, b]) => a ?? b ?? "",
    ),
  );
  const inScripts = filesIn("lib/remote", ".sh").flatMap((file) =>
    [...read(file).matchAll(/\b(?:fail|give_up) ([a-z]+(?:-[a-z]+)*)(?= ["'$])/g)].map(
      ([, code = ""]) => code,
    ),
  );
  const inPython = filesIn("lib/remote", ".py").flatMap((file) =>
    [...read(file).matchAll(/\b(?:(?:fail|refuse)\(|result\("error-code",)\s*"([a-z]+(?:-[a-z]+)+)"/g)].map(
      ([, code = ""]) => code,
    ),
  );
  assert.ok(inPython.includes("unsafe-link"));
  const codes = [...new Set([...inSources, ...inScripts, ...inPython])].sort();
  const items = recordItems();
  assert.deepEqual(
    codes.filter((code) => !items.has(code)),
    [],
  );
});
