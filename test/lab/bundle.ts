// After the compiler: each executable's modules are put into one file, together with the packages that only the build
// needs to have installed. Node takes about a millisecond to find and load a module, and a program has forty. The step
// by which the benchmark measures connections is one, too.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

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

/** The modules of one program, as ECMAScript modules; what is imported late stays late, in a file of its own. */
const bundled = (from: string, to: string) =>
  build({
    entryPoints: [{ in: join(dist, from), out: to }],
    outdir: dist,
    outExtension: { ".js": ".cjs" },
    write: false,
    metafile: true,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // What is installed with us stays where it is: each is loaded by few programs, and late.
    external: Object.keys(manifestOf(root).dependencies),
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    logLevel: "warning",
  });

// A module of Node is loaded when it is first asked for something: loading all of them takes a third of --help.
const lazily = "const lazily = (name) => new Proxy({}, { get: (_, key) => require(name)[key] });";
const here = 'const here = require("node:url").pathToFileURL(__filename).href;';

/**
 * The same file as CommonJS, which Node starts a fifth faster: it does not begin its loader of ECMAScript modules.
 * What is imported late of a package is imported by that loader all the same, since some packages are nothing else.
 */
async function asCommonJs(text: string): Promise<string> {
  const late = text.replace(/\bimport\(("\.[^"]+")\)/g, "Promise.resolve().then(() => require($1))");
  const { code } = await transform(late, {
    format: "cjs",
    platform: "node",
    target: "node20",
    define: { "import.meta.url": "here" },
    banner: text.includes("import.meta.url") ? `${lazily}\n${here}` : lazily,
  });
  return code.replace(/^(var import_\w+ = )require(\("node:[^"]+"\));$/gm, "$1lazily$2;");
}

const bins = readdirSync(join(dist, "bins")).filter((file) => file.endsWith(".js"));
const programs = [
  ...bins.map((file) => ({ from: `bins/${file}`, to: `bins/${parse(file).name}` })),
  { from: "test/lab/steps/es-nothing.js", to: "test/bench/steps/es-nothing" },
];
const packages = new Set<string>();
for (const { from, to } of programs) {
  const { outputFiles, metafile } = await bundled(from, to);
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await asCommonJs(text));
  }
  for (const input of Object.keys(metafile.inputs)) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(input) ?? [];
    if (name !== undefined) packages.add(name);
  }
}
// What the compiler made of them would hide the new ones.
for (const file of bins) rmSync(join(dist, "bins", file));

writeFileSync(
  join(dist, "THIRD-PARTY.txt"),
  `The programs have parts of these packages in them.\n\n${[...packages].sort().map(licenceOf).join("\n---\n\n")}`,
);
