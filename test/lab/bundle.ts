// After the compiler: each executable's modules are put into one file. Node takes about a millisecond to find and
// load a module, and a program has forty. The step by which the benchmark measures connections is one, too.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = fileURLToPath(new URL("../../", import.meta.url));

const files = [
  ...readdirSync(join(dist, "bins")).map((file) => ({ from: `bins/${file}`, to: `bins/${file}` })),
  { from: "test/lab/steps/es-nothing.js", to: "test/bench/steps/es-nothing.js" },
];
for (const { from, to } of files)
  await build({
    entryPoints: [{ in: join(dist, from), out: to.replace(/\.js$/, "") }],
    outdir: dist,
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Packages stay where they are, and what is imported late stays late: in a file of its own.
    packages: "external",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    logLevel: "warning",
  });
