import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import type { ReleaseFile } from "../../../lib/base/schema.js";
import { isWholeClosure, wheelOf } from "../../../lib/package/closure.js";
import { scratch } from "../../lab/program.js";
import { tiny } from "../../lab/tiny.js";

test("a closure is whole when nothing that is needed is missing, as its metadata tells", async (t) => {
  const folder = scratch(t);
  const wheel = (name: string, ...needs: string[]) =>
    tiny(
      folder,
      "1.0",
      name,
      "",
      needs.map((each) => `Requires-Dist: ${each}`),
    )[1] as ReleaseFile;
  const leaf = wheel("Leaf_x");
  const branch = wheel("branch", "leaf.x>=1 ; python_version >= '3'", "nothing ; extra == 'more'");
  const windows = wheel("windows", "branch", "winthing; sys_platform == 'win32'");
  const far = wheel("far", "branch @ https://example.com/branch;1.whl", "own[more]");
  assert.equal(await isWholeClosure(leaf, []), true, "needs nothing");
  assert.equal(await isWholeClosure(branch, [leaf]), true);
  assert.equal(await isWholeClosure(branch, []), false, "nobody has chosen yet");
  assert.equal(await isWholeClosure(windows, [branch]), true, "left out by the one who chose");
  assert.equal(await isWholeClosure(windows, [leaf]), false, "a file of another release");
  assert.equal(await isWholeClosure(far, [branch, leaf]), false);
  assert.equal(await isWholeClosure(far, [branch, leaf, wheel("own", "far")]), true, "in a circle");
  rmSync(leaf.path);
  assert.equal(await isWholeClosure(branch, [leaf]), false, "a file is gone");
});

test("the wheel of an sdist is of its name and version, and whole", async (t) => {
  const folder = scratch(t);
  const [sdist, wheel] = tiny(folder, "1.0") as [ReleaseFile, ReleaseFile];
  const newer = tiny(folder, "1.1");
  assert.equal(await wheelOf(sdist, [...newer, sdist, wheel]), wheel);
  assert.equal(await wheelOf(sdist, newer), undefined);
  rmSync(wheel.path);
  assert.equal(await wheelOf(sdist, [wheel]), undefined);
});
