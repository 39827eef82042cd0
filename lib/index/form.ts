// The form of an upload, as the legacy upload API of PyPI has it ("Upload API" in its documentation):
// multipart/form-data (RFC 7578).

import { randomHex } from "../base/random.js";
import type { ReleaseFile } from "../base/schema.js";
import type { DigestTexts } from "./digests.js";
import type { Body } from "./http.js";

/** A field of the core metadata, by the name that the metadata has for it. */
export type MetadataField = readonly [name: string, value: string];

/** Those that have another name in the form than their own with underscores. */
const renamed: Record<string, string> = { classifier: "classifiers", project_url: "project_urls" };

function fieldName(name: string): string {
  const field = name.toLowerCase().replaceAll("-", "_");
  return renamed[field] ?? field;
}

/** True for metadata before 2.4, where setuptools writes License-File although there is no such field yet. */
function isBefore24(metadata: readonly MetadataField[]): boolean {
  const [, version = "1.0"] = metadata.find(([name]) => name.toLowerCase() === "metadata-version") ?? [];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 2 || (major === 2 && minor < 4);
}

/** What the metadata says, under the form's names; fields of any metadata version. */
function described(metadata: readonly MetadataField[]): [string, string][] {
  const early = isBefore24(metadata);
  return (
    metadata
      // Old setuptools writes UNKNOWN for what it was not told; indexes refuse that as an URL.
      .filter(([, value]) => value !== "" && value !== "UNKNOWN")
      .map(([name, value]): [string, string] => [fieldName(name), value])
      .filter(([name]) => !(early && name === "license_file"))
  );
}

/** The fields before the file. */
function fieldsBefore(file: ReleaseFile, metadata: readonly MetadataField[]): [string, string][] {
  const fields = described(metadata);
  const needed: [string, string][] = [
    ["metadata_version", "1.0"],
    ["name", file.name],
    ["version", file.version],
  ];
  return [
    ["protocol_version", "1"],
    ["filetype", file.kind === "wheel" ? "bdist_wheel" : "sdist"],
    ["pyversion", file.kind === "wheel" ? (file.filename.split("-").at(-3) ?? "") : "source"],
    ["sha256_digest", file.sha256],
    ...needed.filter(([name]) => !fields.some(([other]) => other === name)),
    ...fields,
  ];
}

/**
 * The fields after the file. Digests may come last, as those of `setup.py upload` always could; so the file is read
 * only once. A body that is cut off lacks the action, and is then no upload for a server that does not compare lengths.
 */
function fieldsAfter({ md5, blake2b }: Pick<DigestTexts, "md5" | "blake2b">): [string, string][] {
  return [
    ["md5_digest", md5],
    ["blake2_256_digest", blake2b],
    [":action", "file_upload"],
  ];
}

/** The boundary of a new form, and what its fields are in it. */
function newForm() {
  const boundary = `essay-${randomHex(16)}`;
  const parts = (fields: readonly (readonly [string, string])[]) =>
    fields
      .map(
        ([name, value]) =>
          `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      .join("");
  return { boundary, type: `multipart/form-data; boundary=${boundary}`, parts };
}

const unknownYet = { md5: "0".repeat(32), blake2b: "0".repeat(64) };

/**
 * The form with a file. `content` gives the file's bytes, and returns their digests at the end; what it throws ends
 * the body before it is whole.
 */
export function uploadForm(
  file: ReleaseFile,
  metadata: readonly MetadataField[],
  content: AsyncGenerator<Buffer, DigestTexts>,
): { type: string; body: Body } {
  const { boundary, type, parts } = newForm();
  const head = Buffer.from(
    `${parts(fieldsBefore(file, metadata))}--${boundary}\r\nContent-Disposition: form-data; name="content"; filename="${file.filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = (digests: typeof unknownYet) =>
    Buffer.from(`\r\n${parts(fieldsAfter(digests))}--${boundary}--\r\n`);
  async function* chunks() {
    yield head;
    yield tail(yield* content);
  }
  return {
    type,
    body: { length: head.length + file.size + tail(unknownYet).length, chunks: chunks() },
  };
}

/** The form of an upload without a file: nothing can come of it, so an index that takes uploads refuses it for that. */
export function formWithoutFile(): { type: string; body: Body } {
  const { boundary, type, parts } = newForm();
  const bytes = Buffer.from(`${parts([[":action", "file_upload"]])}--${boundary}--\r\n`);
  async function* chunks() {
    yield bytes;
  }
  return { type, body: { length: bytes.length, chunks: chunks() } };
}
