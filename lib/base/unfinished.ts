// Names for what is there only for a while, which tell whose it is: what a killed run has left goes with the next one.

import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isAlive } from "./process.js";

const machine = hostname()
  .replace(/[^\w-]/g, "_")
  .slice(0, 32);

/** A new name: of this machine, of this process, and not to be guessed. */
export function ownName(): string {
  return `${machine}.${process.pid}.${randomBytes(6).toString("hex")}`;
}

/** True for an own name of a process of this machine that runs no more. */
export function isLeft(name: string): boolean {
  const [, where, pid] = /^([\w-]+)\.(\d+)\.[0-9a-f]{12}$/.exec(name) ?? [];
  return where === machine && !isAlive(Number(pid));
}

/**
 * Where a file is made before it is given its name: a hidden one beside it. What killed runs on this machine have left
 * of the file is taken away; its folder must be there.
 */
export function unfinished(path: string): string {
  const [start, end] = [`.${basename(path)}.`, ".part"];
  const folder = dirname(path);
  for (const name of readdirSync(folder))
    if (name.startsWith(start) && name.endsWith(end) && isLeft(name.slice(start.length, -end.length)))
      rmSync(join(folder, name), { force: true });
  return join(folder, `${start}${ownName()}${end}`);
}
