import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseFile } from "../../../lib/base/schema.js";
import { formWithoutFile, type MetadataField, uploadForm } from "../../../lib/index/form.js";

const wheel: ReleaseFile = {
  path: "/x/tiny-1.0-cp311-cp311-linux_x86_64.whl",
  filename: "tiny-1.0-cp311-cp311-linux_x86_64.whl",
  kind: "wheel",
  name: "tiny",
  version: "1.0",
  size: 7,
  sha256: "5".repeat(64),
};
const sdist: ReleaseFile = { ...wheel, filename: "tiny-1.0.tar.gz", kind: "sdist" };
const digests = { md5: "m".repeat(32), sha256: "s".repeat(64), blake2b: "b".repeat(64) };

async function* content() {
  yield Buffer.from("con");
  yield Buffer.from("tent");
  return digests;
}

/** The form's text, its length as announced, and its fields in their order. */
const formOf = (file: ReleaseFile, metadata: readonly MetadataField[]) =>
  fieldsOf(uploadForm(file, metadata, content()));

async function fieldsOf({ type, body }: ReturnType<typeof uploadForm>) {
  const chunks: Buffer[] = [];
  for await (const chunk of body.chunks) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  assert.equal(bytes.length, body.length);
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(type)?.[1] ?? "";
  const parts = bytes.toString().split(`--${boundary}`);
  assert.equal(parts.shift(), "");
  assert.equal(parts.pop(), "--\r\n");
  return parts.map((part) => {
    const [, name = "", rest = "", value = ""] =
      /^\r\nContent-Disposition: form-data; name="([^"]+)"(.*?)\r\n\r\n(.*)\r\n$/s.exec(part) ?? [];
    return [name, value, rest];
  });
}

test("a file with its metadata, whatever the version of that", async () => {
  const fields = await formOf(wheel, [
    ["Metadata-Version", "2.4"],
    ["Name", "Tiny"],
    ["Version", "1.0"],
    ["Classifier", "A :: B"],
    ["Classifier", "C :: D"],
    ["Project-URL", "Source, http://source.example/"],
    ["Requires-Dist", "six"],
    ["Provides-Extra", "test"],
    ["License-Expression", "MIT"],
    ["License-File", "LICENSE"],
    ["Dynamic", "version"],
    ["Import-Name", "tiny"],
    ["Home-page", "UNKNOWN"],
    ["Author", ""],
    ["Description", "First line\nwith ümlaut."],
  ]);
  assert.deepEqual(
    fields.map(([name, value]) => `${name}=${value}`),
    [
      "protocol_version=1",
      "filetype=bdist_wheel",
      "pyversion=cp311",
      `sha256_digest=${wheel.sha256}`,
      "metadata_version=2.4",
      "name=Tiny",
      "version=1.0",
      "classifiers=A :: B",
      "classifiers=C :: D",
      "project_urls=Source, http://source.example/",
      "requires_dist=six",
      "provides_extra=test",
      "license_expression=MIT",
      "license_file=LICENSE",
      "dynamic=version",
      "import_name=tiny",
      "description=First line\nwith ümlaut.",
      "content=content",
      `md5_digest=${digests.md5}`,
      `blake2_256_digest=${digests.blake2b}`,
      ":action=file_upload",
    ],
  );
  const [, , rest] = fields.find(([name]) => name === "content") ?? [];
  assert.equal(rest, `; filename="${wheel.filename}"\r\nContent-Type: application/octet-stream`);
});

test("what old setuptools adds before its time is left out; what is needed is there without metadata", async () => {
  const early = await formOf(sdist, [
    ["Metadata-Version", "2.1"],
    ["License-File", "LICENSE"],
  ]);
  assert.equal(
    early.find(([name]) => name === "license_file"),
    undefined,
  );
  const none = new Map((await formOf(sdist, [])).map(([name, value]) => [name, value]));
  assert.equal(none.get("filetype"), "sdist");
  assert.equal(none.get("pyversion"), "source");
  assert.deepEqual(
    [none.get("metadata_version"), none.get("name"), none.get("version")],
    ["1.0", "tiny", "1.0"],
  );
});

test("content that fails ends the form before it is whole", async () => {
  async function* failing(): AsyncGenerator<Buffer, typeof digests> {
    yield Buffer.from("con");
    throw new Error("changed");
  }
  const { body } = uploadForm(sdist, [], failing());
  let text = "";
  await assert.rejects(async () => {
    for await (const chunk of body.chunks) text += chunk;
  }, /changed/);
  assert.doesNotMatch(text, /:action/);
});

test("without a file", async () => {
  assert.deepEqual(await fieldsOf(formWithoutFile()), [[":action", "file_upload", ""]]);
});
