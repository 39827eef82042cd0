// Private folders for a while: what a killed run has left goes with the next one.

import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLeft, ownName } from "./unfinished.js";

/** Takes away the folders of a kind that killed runs of this account have left. */
function clearLeft(start: string): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(start) || !isLeft(name.slice(start.length))) continue;
    const path = join(tmpdir(), name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    // In a folder of somebody else's, that one could put links in our way.
    if (found?.isDirectory() && found.uid === process.getuid?.())
      rmSync(path, { recursive: true, force: true });
  }
}

/** Makes a private folder, whose name begins with `essay-KIND.` */
export function makePrivateFolder(kind: string): string {
  const start = `essay-${kind}.`;
  clearLeft(start);
  const folder = join(tmpdir(), `${start}${ownName()}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** Gives `work` a private folder that goes with it. */
export async function inPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = makePrivateFolder("files");
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
