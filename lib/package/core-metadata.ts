// The core metadata of a distribution (packaging.python.org, "Core metadata specifications"), as its file has it:
// PKG-INFO in an sdist, METADATA in a wheel.

import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { Failure } from "../base/failure.js";
import { readZipEntry } from "./zip-entry.js";

/** A field, such as ["Classifier", "Topic :: Utilities"]; fields may come several times. */
export type MetadataField = readonly [name: string, value: string];

const largest = 16 * 1024 * 1024;

/** Reads the text of a metadata file. The text after the first empty line is the description. */
export function parseMetadata(text: string): MetadataField[] {
  const lines = text.split(/\r?\n/);
  const fields: [string, string][] = [];
  let end = lines.length;
  for (const [index, line] of lines.entries()) {
    const [, name, value] = /^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$/.exec(line) ?? [];
    const last = fields.at(-1);
    if (line === "") {
      end = index + 1;
      break;
    }
    if (name !== undefined) fields.push([name, value ?? ""]);
    // A value goes on in lines that begin with white space, or with what setuptools marks them by.
    else if (last) last[1] += `\n${line.replace(/^( {7}\||[ \t]{1,8})/, "")}`;
  }
  const body = lines.slice(end).join("\n").trimEnd();
  return body === "" ? fields : [...fields, ["Description", body]];
}

/** The content of `FOLDER/PKG-INFO` in a tar.gz. */
async function readTarEntry(path: string): Promise<Buffer | undefined> {
  const { extract } = await import("tar-stream");
  const source = createReadStream(path);
  const archive = extract();
  const gunzip = createGunzip();
  source.on("error", (error) => archive.destroy(error));
  gunzip.on("error", (error) => archive.destroy(error));
  source.pipe(gunzip).pipe(archive);
  try {
    for await (const entry of archive) {
      if (!/^[^/]+\/PKG-INFO$/.test(entry.header.name.replace(/^\.\//, ""))) {
        entry.resume();
        continue;
      }
      if ((entry.header.size ?? 0) > largest) return undefined;
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    }
    return undefined;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/**
 * The file PKG-INFO of an sdist, or METADATA of a wheel. Throws Failure "bad-archive" for a file that cannot be read
 * as what its name says, and "no-metadata" for one without.
 */
export async function readMetadataFile(path: string, kind: "sdist" | "wheel"): Promise<Buffer> {
  const wanted = kind === "wheel" ? /^[^/]+\.dist-info\/METADATA$/ : /^[^/]+\/PKG-INFO$/;
  const bytes = /\.(tar\.gz|tgz)$/.test(path)
    ? await readTarEntry(path).catch((error: NodeJS.ErrnoException) => {
        throw error.syscall
          ? error
          : new Failure("bad-archive", `${path} is no sound tar.gz: ${error.message}`);
      })
    : await readZipEntry(path, (name) => wanted.test(name));
  if (!bytes)
    throw new Failure("no-metadata", `${path} has no ${kind === "wheel" ? "METADATA" : "PKG-INFO"} in it`);
  return bytes;
}

/** The core metadata of an sdist or wheel. Throws as `readMetadataFile` does. */
export async function readMetadata(path: string, kind: "sdist" | "wheel"): Promise<MetadataField[]> {
  return parseMetadata((await readMetadataFile(path, kind)).toString("utf8"));
}
