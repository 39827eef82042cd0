import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ReleaseFile } from "../../../lib/base/schema.js";
import { parseMetadata, readMetadata } from "../../../lib/package/core-metadata.js";
import { scratch } from "../../lab/program.js";
import { tiny } from "../../lab/tiny.js";

test("fields, values over several lines, the description as body", () => {
  const text =
    "Metadata-Version: 2.1\r\nName: a\r\nLicense: line one\r\n        line two\r\n          indented\r\nClassifier: x\r\nClassifier:y\r\nKeywords:\r\n\r\nThe body\r\n\r\nName: not a field\r\n";
  assert.deepEqual(parseMetadata(text), [
    ["Metadata-Version", "2.1"],
    ["Name", "a"],
    ["License", "line one\nline two\n  indented"],
    ["Classifier", "x"],
    ["Classifier", "y"],
    ["Keywords", ""],
    ["Description", "The body\n\nName: not a field"],
  ]);
  assert.deepEqual(parseMetadata("Description: one\n       |two\n       |\n       |three\n"), [
    ["Description", "one\ntwo\n\nthree"],
  ]);
  assert.deepEqual(parseMetadata(""), []);
});

test("sdists and wheels have the same", async (t) => {
  const [sdist, wheel] = tiny(scratch(t)) as [ReleaseFile, ReleaseFile];
  const fields = await readMetadata(sdist.path, "sdist");
  assert.deepEqual(fields.slice(0, 3), [
    ["Metadata-Version", "2.1"],
    ["Name", "tiny"],
    ["Version", "1.0"],
  ]);
  assert.deepEqual(fields.at(-1), ["Description", "First line\nwith ümlaut."]);
  assert.deepEqual(await readMetadata(wheel.path, "wheel"), fields);
});

test("files that are not what their name says", async (t) => {
  const directory = scratch(t);
  const [sdist, wheel] = tiny(directory) as [ReleaseFile, ReleaseFile];
  const text = join(directory, "text-1.0.tar.gz");
  writeFileSync(text, "text");
  await assert.rejects(readMetadata(text, "sdist"), { code: "bad-archive" });
  truncateSync(sdist.path, 100);
  await assert.rejects(readMetadata(sdist.path, "sdist"), { code: "bad-archive" });
  writeFileSync(sdist.path, readFileSync(wheel.path));
  await assert.rejects(readMetadata(sdist.path, "sdist"), { code: "bad-archive" });
  truncateSync(wheel.path, 100);
  await assert.rejects(readMetadata(wheel.path, "wheel"), { code: "bad-archive" });
  const empty = join(directory, "empty-1.0.tar.gz");
  execFileSync("tar", ["-czf", empty, "-C", directory, "text-1.0.tar.gz"]);
  await assert.rejects(readMetadata(empty, "sdist"), { code: "no-metadata", message: /PKG-INFO/ });
});
