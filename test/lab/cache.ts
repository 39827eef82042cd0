// What the lab makes once and keeps for later runs of the tests.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../../node_modules/.cache/essay-lab", import.meta.url));

/** The directory of that name, which `make` fills unless it is there. It is shared: look, do not write. */
export function madeOnce(name: string, make: (directory: string) => void): string {
  const directory = join(cache, name);
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "making-"));
  // One user makes it, others of this machine read it.
  chmodSync(fresh, 0o755);
  make(fresh);
  try {
    renameSync(fresh, directory);
  } catch (error) {
    // Another process made it in the meantime; its files are as good.
    rmSync(fresh, { recursive: true });
    if (!existsSync(directory)) throw error;
  }
  return directory;
}
