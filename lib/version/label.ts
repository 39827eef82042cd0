// Labels of versions: a label makes a local version (PEP 440), also where it was typed after a hyphen.

import { UsageError } from "../base/failure.js";
import { normalVersion } from "./pep440.js";

const labelShape = /^[a-z0-9]+([-_.][a-z0-9]+)*$/i;

/** A version as a person typed it. */
export interface TypedVersion {
  /** PEP 440 normal form. */
  version: string;
  /** What is to be told of how it was read: a hyphen and a label are no part of PEP 440. */
  note: string | undefined;
}

/**
 * Reads a version that a person typed, undefined for what is none. What follows a hyphen is a label always:
 * `6.11.21.1-fixbug` is 6.11.21.1+fixbug, and so are `-1`, `-rc1` and `-dev1` labels, which PEP 440 by itself
 * would take for a post-release and for releases that sort below.
 */
export async function readVersion(text: string): Promise<TypedVersion | undefined> {
  const [, front = "", label = ""] = /^([^+-]+)-([^+]+)$/.exec(text.trim()) ?? [];
  if (!labelShape.test(label)) {
    const version = await normalVersion(text);
    return version === undefined ? undefined : { version, note: undefined };
  }
  const version = await normalVersion(`${front}+${label}`);
  return version === undefined ? undefined : { version, note: `${text.trim()} is read as ${version}` };
}

/**
 * A version with a label, in normal form; one that has the same label already stays. Throws UsageError for what is
 * no label, and for a second label.
 */
export async function withLabel(version: string, label: string): Promise<string> {
  if (!labelShape.test(label))
    throw new UsageError(
      `${label} is no label: letters, digits, and between them dots, hyphens or underscores`,
    );
  const labelled = await normalVersion(`${version.split("+")[0]}+${label}`);
  if (labelled === undefined)
    throw new UsageError(`${version} with the label ${label} is no version (PEP 440)`);
  if (version.includes("+") && (await normalVersion(version)) !== labelled)
    throw new UsageError(`${version} has a label already, so it takes no other (${label})`);
  return labelled;
}
