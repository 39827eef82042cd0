// Files of a release in the output folder: under their name only when they are whole.

import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** The size of a file in bytes and its digest. */
export interface Digest {
  size: number;
  sha256: string;
}

/** Reads a file through. */
export async function digestOf(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}

async function isThere(path: string, { size, sha256 }: Digest): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size !== size) return false;
  return (await digestOf(path)).sha256 === sha256;
}

/**
 * Has `write` make a file under a temporary name in the folder `out` and then gives it its own name; a file with
 * the same bytes that is there already stays untouched. Nothing stays behind when `write` throws.
 */
export async function keepFile(
  out: string,
  filename: string,
  write: (temporary: string) => Promise<Digest>,
): Promise<Digest & { path: string; changed: boolean }> {
  await mkdir(out, { recursive: true });
  const path = join(out, filename);
  const temporary = join(out, `.${filename}.${randomBytes(6).toString("hex")}.part`);
  try {
    const digest = await write(temporary);
    if (await isThere(path, digest)) return { ...digest, path, changed: false };
    await rename(temporary, path);
    return { ...digest, path, changed: true };
  } finally {
    await rm(temporary, { force: true });
  }
}
