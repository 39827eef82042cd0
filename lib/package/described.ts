// What a file that pip gave is: by its name, and by the metadata in it.

import { join } from "node:path";
import { normaliseName, parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { readMetadata } from "./core-metadata.js";

/** The normal form of a version (PEP 440), undefined for what is none. */
export type NormalVersion = (text: string) => Promise<string | undefined>;

export interface Described {
  filename: string;
  kind: "sdist" | "wheel";
  /** As the metadata spells it. */
  name: string;
  /** In normal form. */
  version: string;
}

async function named(path: string, kind: "sdist" | "wheel") {
  const fields = await readMetadata(path, kind).catch((error) => {
    // Old sdists have no PKG-INFO, or are packed in a way that nobody uses any more: then the file name counts.
    if (kind === "sdist" && error instanceof Failure) return [];
    throw error;
  });
  const value = (name: string) => fields.find(([field]) => field.toLowerCase() === name)?.[1].trim();
  return { name: value("name"), version: value("version") };
}

/**
 * Describes the file `filename` of a folder. Throws Failure "bad-name" for what is no sdist and no wheel,
 * "wrong-project" or "wrong-version" when its metadata says otherwise than its name, and those of `readMetadata`.
 */
export async function describeFile(
  folder: string,
  filename: string,
  normalVersion: NormalVersion,
): Promise<Described> {
  const parsed = parseFilename(filename);
  const version = parsed && (await normalVersion(parsed.version));
  if (!parsed || version === undefined)
    throw new Failure("bad-name", `${filename} is no name of an sdist or wheel`);
  const { kind } = parsed;
  const inside = await named(join(folder, filename), kind);
  const { name = parsed.name } = inside;
  // The name of an old sdist may not tell where the project's name ends, so its metadata does.
  if (!parseFilename(filename, name))
    throw new Failure("wrong-project", `the metadata in ${filename} is of another project, ${name}`);
  if (normaliseName(name) !== normaliseName(parsed.name)) {
    const own = await normalVersion(parseFilename(filename, name)?.version ?? "");
    return { filename, kind, name, version: own ?? version };
  }
  if (inside.version !== undefined && (await normalVersion(inside.version)) !== version)
    throw new Failure("wrong-version", `the metadata in ${filename} is of version ${inside.version}`);
  return { filename, kind, name, version };
}
