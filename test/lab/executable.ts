// After the build: the compiler writes programs without the mode of a program, and with an ending. dist/path
// is a folder for PATH in which every executable has its name.

import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";

const bins = new URL("../../bins/", import.meta.url);
const path = new URL("../../path/", import.meta.url);

rmSync(path, { recursive: true, force: true });
mkdirSync(path);
for (const file of readdirSync(bins)) {
  if (!file.endsWith(".js")) continue;
  chmodSync(new URL(file, bins), 0o755);
  symlinkSync(`../bins/${file}`, new URL(file.replace(/\.js$/, ""), path));
}
