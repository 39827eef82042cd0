// After the build: the compiler writes programs without the mode of a program.

import { chmodSync, readdirSync } from "node:fs";

const bins = new URL("../../bins/", import.meta.url);
for (const file of readdirSync(bins)) if (file.endsWith(".js")) chmodSync(new URL(file, bins), 0o755);
