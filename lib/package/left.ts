// What is there only for a while, with names that tell whose it is: what a killed run has left goes with the next one.

import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../base/process.js";

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

const prefix = "essay-files.";

/** Takes away the folders that killed runs of this account have left. */
async function clearLeft(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix) || !isLeft(name.slice(prefix.length))) continue;
    const path = join(tmpdir(), name);
    const found = await lstat(path).catch(() => undefined);
    // In a folder of somebody else's, that one could put links in our way.
    if (found?.isDirectory() && found.uid === process.getuid?.())
      await rm(path, { recursive: true, force: true });
  }
}

/** Gives `work` a private folder that goes with it. */
export async function inPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  await clearLeft();
  const folder = join(tmpdir(), `${prefix}${ownName()}`);
  await mkdir(folder, { mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
