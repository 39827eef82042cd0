// After the compiler: each executable's modules are put into one file. Node takes about a millisecond to find and
// load a module, and a program has forty.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = fileURLToPath(new URL("../../", import.meta.url));
const bins = join(dist, "bins");

for (const file of readdirSync(bins))
  await build({
    entryPoints: [{ in: join(bins, file), out: `bins/${file.replace(/\.js$/, "")}` }],
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
