// The hidden folder in which the index keeps what is no distribution: uploads on their way in, what files are
// yanked, and what is known of files' contents.

import { lchown, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isAlive } from "../../base/process.js";
import { randomHex } from "../../base/random.js";

/** Where it is in the index's directory. */
export function stateFolder(directory: string): string {
  return join(directory, ".es-index");
}

const temporary = /^(?:upload|new)-(\d+)-[0-9a-f]+$/;

/** A name in the folder for a file that is not finished: whoever starts next takes it away if we are killed. */
export function temporaryName(kind: "upload" | "new"): string {
  return `${kind}-${process.pid}-${randomHex(8)}`;
}

/**
 * Makes a folder, and those above it below the index's directory, where they are missing. What root makes is
 * its who owns the folder above: the server may run under another account than the administrator.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    return makeFolder(path);
  }
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(path));
  // Who owns the folder above may have put a link to another one in its place meanwhile.
  await lchown(path, uid, gid);
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Gives a file of the folder, or of one in it, a new text: readers see the old one or the new one, whole. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const hidden = join(dirname(path), temporaryName("new"));
  try {
    const file = await open(hidden, "wx", 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(hidden, path);
  } catch (error) {
    await unlink(hidden).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Nothing of ours is under way yet; a number of ours is that of one before us, as in a container. */
const isOthers = (pid: number) => pid !== process.pid && isAlive(pid);

/** An upload that has not grown for so many milliseconds is none: its server would have cut it off. */
const abandoned = 3_600_000;

/** Removes what programs that were killed have left unfinished in a folder; one that is missing is clean. */
export async function cleanFolder(path: string): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names) {
    const pid = temporary.exec(name)?.[1];
    if (pid === undefined) continue;
    const file = join(path, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }));
    if (isOthers(Number(pid)) && Date.now() - mtimeMs < abandoned) continue;
    await unlink(file).catch((error: NodeJS.ErrnoException) => {
      // On a disk that can only be read there is nothing to be done, and nothing that does harm.
      if (!["ENOENT", "EACCES", "EPERM", "EROFS"].includes(error.code ?? "")) throw error;
    });
  }
}
