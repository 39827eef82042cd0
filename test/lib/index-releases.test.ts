import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Store } from "../../lib/index/store/store.js";
import { yank } from "../../lib/index/store/yanked.js";
import { filesNamed, projectNamed, releasesOf } from "../../lib/index-releases.js";
import { scratch } from "../lab/program.js";

function storeWith(t: TestContext, ...names: string[]): Store {
  const directory = scratch(t);
  for (const name of names) writeFileSync(join(directory, name), "");
  return new Store(directory);
}

test("files of one version belong together, however it is spelled", async (t) => {
  const store = storeWith(t, "A_b-1.0rc1.zip", "a_b-1.0.RC.1-py3-none-any.whl", "a_b-2.zip", "a_b_c-1.zip");
  await yank(store.directory, "a_b-2.zip", "");
  await yank(store.directory, "A_b-1.0rc1.zip", "");
  assert.deepEqual(await releasesOf(store, "a-b"), [
    { version: "1.0rc1", yanked: false, filenames: ["A_b-1.0rc1.zip", "a_b-1.0.RC.1-py3-none-any.whl"] },
    { version: "2", yanked: true, filenames: ["a_b-2.zip"] },
  ]);
  assert.equal(await projectNamed(store, "A.B"), "a-b");
  await assert.rejects(projectNamed(store, "a"), { code: "no-version" });
  await assert.rejects(projectNamed(store, "a/b"), { name: "UsageError" });
});

test("a file that may be of two projects is of one", async (t) => {
  const store = storeWith(t, "a-2-1.zip");
  const both = [...(await releasesOf(store, "a")), ...(await releasesOf(store, "a-2"))];
  assert.equal(both.length, 1);
});

test("files by version and by name", async (t) => {
  const store = storeWith(t, "a-1.0.zip", "a-1.0-py3-none-any.whl", "b-1.0.zip");
  assert.deepEqual(await filesNamed(store, "a", "v1.00"), ["a-1.0-py3-none-any.whl", "a-1.0.zip"]);
  assert.deepEqual(await filesNamed(store, "a", "a-1.0.zip"), ["a-1.0.zip"]);
  for (const absent of ["1.1", "a-1.1.zip"])
    await assert.rejects(filesNamed(store, "a", absent), { code: "no-version" }, absent);
  for (const nonsense of ["b-1.0.zip", "x", "../a-1.0.zip"])
    await assert.rejects(filesNamed(store, "a", nonsense), { name: "UsageError" }, nonsense);
});
