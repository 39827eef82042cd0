// Files of a release in the output folder: under their name only when they are whole.

import { lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { cannotWrite } from "../base/cannot-write.js";
import { type Digest, digestOf } from "../base/digest.js";
import { unfinished } from "../base/unfinished.js";

async function isThere(path: string, { size, sha256 }: Digest): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size !== size) return false;
  return (await digestOf(path)).sha256 === sha256;
}

/**
 * Has `write` make a file under a temporary name in the folder `out` and then gives it its own name; a file with
 * the same bytes that is there already stays untouched, one with other bytes is `replaced`. Nothing stays behind when
 * `write` throws; what a killed process leaves goes with the next call. Throws what `write` throws, and Failure
 * "permission-denied", "disk-full" or "in-the-way".
 */
export async function keepFile(
  out: string,
  filename: string,
  write: (temporary: string) => Promise<Digest>,
): Promise<Digest & { path: string; changed: boolean; replaced: boolean }> {
  const path = join(out, filename);
  let temporary: string | undefined;
  try {
    await mkdir(out, { recursive: true });
    temporary = unfinished(path);
    const digest = await write(temporary);
    if (await isThere(path, digest)) return { ...digest, path, changed: false, replaced: false };
    const replaced = (await lstat(path).catch(() => undefined)) !== undefined;
    await rename(temporary, path);
    return { ...digest, path, changed: true, replaced };
  } catch (error) {
    throw cannotWrite(`${filename} into ${out}`, error as Error);
  } finally {
    if (temporary !== undefined) await rm(temporary, { force: true });
  }
}
