// Names for what is there only for a while, which tell whose it is: what a killed run has left goes with the next one.

import { readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isAlive } from "./process.js";
import { randomHex } from "./random.js";

const machine = () =>
  hostname()
    .replace(/[^\w-]/g, "_")
    .slice(0, 32);

/** A new name: of this machine, of this process, and not to be guessed. */
export function ownName(): string {
  return `${machine()}.${process.pid}.${randomHex(6)}`;
}

/** True for an own name of a process of this machine that runs no more. */
export function isLeft(name: string): boolean {
  const [, where, pid] = /^([\w-]+)\.(\d+)\.[0-9a-f]{12}$/.exec(name) ?? [];
  return where === machine() && !isAlive(Number(pid));
}

const start = (path: string) => `.${basename(path)}.`;
const end = ".part";

/** Takes away what killed runs on this machine have left of a file; its folder must be there. */
export function clearUnfinished(path: string): void {
  const folder = dirname(path);
  const begin = start(path);
  for (const name of readdirSync(folder))
    if (name.startsWith(begin) && name.endsWith(end) && isLeft(name.slice(begin.length, -end.length)))
      rmSync(join(folder, name), { force: true });
}

/**
 * Where a file is made before it is given its name: a hidden one beside it. What killed runs have left of it is taken
 * away before.
 */
export function unfinished(path: string): string {
  clearUnfinished(path);
  return join(dirname(path), `${start(path)}${ownName()}${end}`);
}
