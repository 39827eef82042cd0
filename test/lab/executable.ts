// After the build: the compiler writes programs without the mode of a program, and with an ending. dist/path
// is a folder for PATH in which every executable has its name.

import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileOf, ourPrograms } from "../../lib/base/program.js";

const path = fileURLToPath(new URL("../../path/", import.meta.url));

rmSync(path, { recursive: true, force: true });
mkdirSync(path);
for (const name of ourPrograms()) {
  const file = fileOf(name);
  if (file === undefined) continue;
  chmodSync(file, 0o755);
  symlinkSync(file, join(path, name));
}
