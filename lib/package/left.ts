// Private folders for a while: what a killed run has left goes with the next one.

import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLeft, ownName } from "../base/unfinished.js";

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
