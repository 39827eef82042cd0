// Whether a record has the wheel of a release already, and all that it needs, as far as metadata tells.

import { normaliseName } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import type { ReleaseFile } from "../base/schema.js";
import { readMetadata } from "./core-metadata.js";
import { checkFile } from "./wheel.js";

async function isWhole(file: ReleaseFile): Promise<boolean> {
  try {
    await checkFile(file);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** The wheel of the sdist that is among the files, if it is there and whole. */
export async function wheelOf(
  sdist: ReleaseFile,
  files: readonly ReleaseFile[],
): Promise<ReleaseFile | undefined> {
  for (const file of files) {
    const same = normaliseName(file.name) === normaliseName(sdist.name) && file.version === sdist.version;
    if (file.kind === "wheel" && same && (await isWhole(file))) return file;
  }
  return undefined;
}

/** A distribution that another one needs (core metadata, Requires-Dist; PEP 508). */
interface Need {
  /** Normalised. */
  name: string;
  /** It is needed only on some machines or by some interpreters. */
  sometimes: boolean;
}

async function needsOf({ path, kind }: ReleaseFile): Promise<Need[]> {
  const fields = await readMetadata(path, kind).catch((error: unknown) => {
    // Old sdists tell nothing.
    if (error instanceof Failure) return [];
    throw error;
  });
  return fields.flatMap(([field, value]) => {
    if (field.toLowerCase() !== "requires-dist") return [];
    const [name = ""] = /^[A-Za-z0-9._-]+/.exec(value) ?? [];
    // In a URL a semicolon may stand; there a marker has a space before it.
    const [, marker] = (/@/.test(value) ? /\s;(.*)/s : /;(.*)/s).exec(value) ?? [];
    if (marker !== undefined && /\bextra\b/.test(marker)) return [];
    return [{ name: normaliseName(name), sometimes: marker !== undefined }];
  });
}

/**
 * True when `others` are whole, and are what `wheel` depends on, directly or not. What is needed only sometimes and
 * is not there was left out by the one who chose them, if there are any.
 */
export async function isWholeClosure(wheel: ReleaseFile, others: readonly ReleaseFile[]): Promise<boolean> {
  for (const file of others) if (!(await isWhole(file))) return false;
  const there = new Set(others.map(({ name }) => normaliseName(name)));
  const needs = (await Promise.all([wheel, ...others].map(needsOf))).flat();
  const missing = needs.filter(({ name }) => !there.has(name) && name !== normaliseName(wheel.name));
  return missing.every(({ sometimes }) => sometimes && others.length > 0);
}
