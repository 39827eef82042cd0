import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeFile } from "../../../lib/package/described.js";
import { normalVersion } from "../../../lib/version/pep440.js";
import { scratch } from "../../lab/program.js";
import { tiny } from "../../lab/tiny.js";

test("name and version are those of the metadata", async (t) => {
  const folder = scratch(t);
  tiny(folder, "1.0", "Tiny_Thing");
  for (const [filename, kind] of [
    ["Tiny_Thing-1.0-py3-none-any.whl", "wheel"],
    ["Tiny_Thing-1.0.tar.gz", "sdist"],
  ] as const)
    assert.deepEqual(await describeFile(folder, filename, normalVersion), {
      filename,
      kind,
      name: "Tiny_Thing",
      version: "1.0",
    });
  // An old name, of which only the metadata tells where the project's name ends.
  const info = join(folder, "a-2-1.0");
  mkdirSync(info);
  writeFileSync(join(info, "PKG-INFO"), "Metadata-Version: 1.0\nName: a-2\nVersion: 1.0\n");
  execFileSync("tar", ["-czf", join(folder, "a-2-1.0.tar.gz"), "-C", folder, "a-2-1.0"]);
  const old = await describeFile(folder, "a-2-1.0.tar.gz", normalVersion);
  assert.deepEqual([old.name, old.version], ["a-2", "1.0"]);
  // Without metadata the file name tells.
  writeFileSync(join(folder, "b-1.00.zip"), "");
  const bare = await describeFile(folder, "b-1.00.zip", normalVersion);
  assert.deepEqual([bare.name, bare.version], ["b", "1.0"]);
});

test("a file that is not what its name says", async (t) => {
  const folder = scratch(t);
  tiny(folder, "1.0");
  const wheel = join(folder, "tiny-1.0-py3-none-any.whl");
  const refused = async (filename: string, code: string) => {
    if (filename.endsWith(".whl")) copyFileSync(wheel, join(folder, filename));
    if (code === "bad-archive") truncateSync(join(folder, filename), 300);
    await assert.rejects(describeFile(folder, filename, normalVersion), { code });
  };
  await refused("other-1.0-py3-none-any.whl", "wrong-project");
  await refused("tiny-1.1-py3-none-any.whl", "wrong-version");
  await refused("tiny-1.0-py2.py3-none-any.whl", "bad-archive");
  await refused("tiny.exe", "bad-name");
});
