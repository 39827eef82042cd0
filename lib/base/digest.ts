// What a file is, whatever its name: its size and its SHA-256.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** The size of a file in bytes, and its SHA-256 in 64 hexadecimal digits. */
export interface Digest {
  size: number;
  sha256: string;
}

/** Reads a file through. Throws the system's error where it cannot be read. */
export async function digestOf(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}
