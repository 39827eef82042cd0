// One small file out of a zip archive (PKWARE's APPNOTE.TXT), without reading the rest: wheels are zip archives.

import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { Failure } from "../base/failure.js";

const endSignature = 0x06054b50;
const directorySignature = 0x02014b50;
const endLength = 22;
const longestComment = 65_535;
const largestDirectory = 64 * 1024 * 1024;
const largestEntry = 16 * 1024 * 1024;

function broken(path: string, why: string): Failure {
  return new Failure("bad-archive", `${path} is no sound zip archive: ${why}`);
}

async function readAt(file: FileHandle, position: number, length: number, path: string): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw broken(path, "it is cut off");
  return buffer;
}

/** The central directory: the headers of all entries. */
async function readDirectory(file: FileHandle, path: string): Promise<Buffer> {
  const { size } = await file.stat();
  const length = Math.min(size, endLength + longestComment);
  const tail = await readAt(file, size - length, length, path);
  for (let at = length - endLength; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== endSignature) continue;
    const directoryLength = tail.readUInt32LE(at + 12);
    const start = tail.readUInt32LE(at + 16);
    if (start === 0xffffffff || directoryLength > largestDirectory)
      throw broken(path, "it is larger than what is read here (zip64)");
    return readAt(file, start, directoryLength, path);
  }
  throw broken(path, "it has no list of its files");
}

async function readEntry(file: FileHandle, header: Buffer, path: string): Promise<Buffer> {
  const method = header.readUInt16LE(10);
  const packed = header.readUInt32LE(20);
  const size = header.readUInt32LE(24);
  const start = header.readUInt32LE(42);
  if (packed > largestEntry || size > largestEntry) throw broken(path, "its metadata is too large");
  const local = await readAt(file, start, 30, path);
  const skipped = 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const bytes = await readAt(file, start + skipped, packed, path);
  if (method === 0) return bytes;
  if (method !== 8) throw broken(path, `its metadata is packed by method ${method}`);
  return promisify(inflateRaw)(bytes, { maxOutputLength: largestEntry }).catch((error: Error) => {
    throw broken(path, error.message);
  });
}

/**
 * The content of the first entry whose name `wanted` accepts, or undefined where there is none. Throws Failure
 * "bad-archive" for what is no zip archive.
 */
export async function readZipEntry(
  path: string,
  wanted: (name: string) => boolean,
): Promise<Buffer | undefined> {
  const file = await open(path, "r");
  try {
    const directory = await readDirectory(file, path);
    for (let at = 0; at + 46 <= directory.length; ) {
      const header = directory.subarray(at);
      if (header.readUInt32LE(0) !== directorySignature)
        throw broken(path, "the list of its files is damaged");
      const nameEnd = 46 + header.readUInt16LE(28);
      if (wanted(header.toString("utf8", 46, nameEnd))) return await readEntry(file, header, path);
      at += nameEnd + header.readUInt16LE(30) + header.readUInt16LE(32);
    }
    return undefined;
  } finally {
    await file.close();
  }
}
