// After the compiler: each executable's modules are put into one file, together with the packages that only the build
// needs to have installed. Node takes about a millisecond to find and load a module, and a program has forty. What V8
// has compiled of that file goes beside it: to compile it anew takes a third of the time in which Node starts. The step
// by which the benchmark measures connections is one, too.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const dist = join(root, "dist");

interface Manifest {
  version: string;
  license: string;
  dependencies: Record<string, string>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** A package's own words on who may use it. */
function licenceOf(name: string): string {
  const folder = join(root, "node_modules", name);
  const { version, license } = manifestOf(folder);
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.(md|txt))?$/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence that could go with it`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

// A module of Node is loaded when it is first asked for something: loading all of them takes a third of --help.
const lazily = "const lazily = (name) => new Proxy({}, { get: (_, key) => require(name)[key] });";
const here = 'const here = { get url() { return require("node:url").pathToFileURL(__filename).href; } };';

/**
 * The modules of one program, as one CommonJS module, which Node starts a fifth faster: it does not begin its loader of
 * ECMAScript modules. A module that is imported late has its place in it, and is run when it is imported.
 */
const bundled = (from: string) =>
  build({
    entryPoints: [join(dist, from)],
    write: false,
    metafile: true,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    // What is installed with us stays where it is: each is loaded by few programs, and late.
    external: Object.keys(manifestOf(root).dependencies),
    define: { "import.meta.url": "here.url" },
    logLevel: "warning",
  });

/**
 * What a program's text is run as: a function of what a CommonJS module finds. A package that is imported late is
 * imported by `__import`, Node's import(), since some packages are no CommonJS, and V8's scripts cannot import by themselves.
 */
const wrapped = (code: string) =>
  `(function (require, __filename, __import) { "use strict";
${lazily}
${here}
${code
  .replace(/^#!.*\n/, "")
  .replace(/\bimport\(("[^"]+")\)/g, "__import($1)")
  .replace(/\b(import_\w+ = )require(\("node:[^"]+"\))/g, "$1lazily$2")}
})`;

/** The file that is started: it has the text run as V8 has compiled it before, where this is that V8. */
const starter = (text: string) => `#!/usr/bin/env node
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");
const filename = join(__dirname, "${text}");
let cachedData;
try {
  cachedData = readFileSync(\`\${filename}.\${process.arch}\`);
} catch {
  // Another machine than that of the build.
}
const program = new Script(readFileSync(filename, "utf8"), { filename, cachedData });
program.runInThisContext()(require, __filename, (name) => import(name));
`;

/** Has a program's compiled code written beside its text. Throws where the program does not even begin. */
async function compile(text: string): Promise<void> {
  const typical = join(root, "test/lab/typical");
  const child = spawn(process.execPath, [join(dist, "test/lab/code-cache.js"), text], {
    cwd: typical,
    env: { PATH: process.env.PATH, ESSAY_SESSION: join(typical, "no-session") },
    stdio: [openSync(join(typical, "records.jsonl"), "r"), "ignore", "ignore"],
  });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`${text} cannot be run`);
}

const bins = readdirSync(join(dist, "bins")).filter((file) => file.endsWith(".js"));
const programs = [
  ...bins.map((file) => ({ from: `bins/${file}`, to: "bins", name: parse(file).name })),
  { from: "test/lab/steps/es-nothing.js", to: "test/bench/steps", name: "es-nothing" },
];
const packages = new Set<string>();
const compiled: Promise<void>[] = [];
for (const { from, to, name } of programs) {
  const { outputFiles, metafile } = await bundled(from);
  const text = `../programs/${name}.js`;
  const [folder, file] = [join(dist, to), join(dist, to, text)];
  for (const each of [folder, dirname(file)]) mkdirSync(each, { recursive: true });
  writeFileSync(file, wrapped(outputFiles[0]?.text ?? ""));
  writeFileSync(join(folder, `${name}.cjs`), starter(text));
  compiled.push(compile(file));
  for (const input of Object.keys(metafile.inputs)) {
    const [, of] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(input) ?? [];
    if (of !== undefined) packages.add(of);
  }
}
await Promise.all(compiled);
// What the compiler made of them would hide the new ones.
for (const file of bins) rmSync(join(dist, "bins", file));

writeFileSync(
  join(dist, "THIRD-PARTY.txt"),
  `The programs have parts of these packages in them.\n\n${[...packages].sort().map(licenceOf).join("\n---\n\n")}`,
);
