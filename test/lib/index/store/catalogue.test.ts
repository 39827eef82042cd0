import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Catalogue } from "../../../../lib/index/store/catalogue.js";
import { scratch } from "../../../lab/program.js";

test("it follows the directory, whoever changes it", async (t) => {
  const directory = scratch(t);
  const put = (name: string) => writeFileSync(join(directory, name), "");
  const catalogue = new Catalogue(directory);
  const projects = async () => {
    await catalogue.refresh();
    return [...catalogue.projects()];
  };
  assert.deepEqual(await projects(), []);
  for (const name of ["b-1.0.zip", "A_a-1.0.zip", "a.a-1.1-py3-none-any.whl", "README", ".hidden-1.0.zip"])
    put(name);
  assert.deepEqual(await projects(), [
    ["a-a", 2],
    ["b", 1],
  ]);
  assert.deepEqual(catalogue.filenames("a-a"), ["A_a-1.0.zip", "a.a-1.1-py3-none-any.whl"]);
  const known = catalogue.projects();
  assert.equal(catalogue.projects(), known);
  rmSync(join(directory, "A_a-1.0.zip"));
  renameSync(join(directory, "b-1.0.zip"), join(directory, "c-1.0.zip"));
  assert.deepEqual(await projects(), [
    ["a-a", 1],
    ["c", 1],
  ]);
  assert.deepEqual(catalogue.filenames("b"), []);
  assert.notEqual(catalogue.projects(), known);
  put("b-1.0.zip");
  assert.deepEqual((await projects()).length, 3);
});

test("a file that may be of two projects is on the pages of both, and in the list once", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "a-2-1.zip"), "");
  const catalogue = new Catalogue(directory);
  await catalogue.refresh();
  assert.deepEqual([...catalogue.projects().values()], [1]);
  for (const name of ["a", "a-2"]) assert.deepEqual(catalogue.filenames(name), ["a-2-1.zip"], name);
  rmSync(join(directory, "a-2-1.zip"));
  await catalogue.refresh();
  for (const name of ["a", "a-2"]) assert.deepEqual(catalogue.filenames(name), [], name);
  assert.equal(catalogue.projects().size, 0);
});

test("what we have made is there at once, also while a reading is under way", async (t) => {
  const directory = scratch(t);
  const catalogue = new Catalogue(directory);
  const reading = catalogue.refresh();
  catalogue.add("a-1.0.zip");
  await reading;
  assert.deepEqual(catalogue.filenames("a"), ["a-1.0.zip"]);
  // It was never in the directory, so the next reading drops it.
  await catalogue.refresh();
  assert.deepEqual(catalogue.filenames("a"), []);
});

test("who asks while others ask sees what was there before", async (t) => {
  const directory = scratch(t);
  const catalogue = new Catalogue(directory);
  const all: Promise<void>[] = [];
  for (let count = 0; count < 20; count++) {
    writeFileSync(join(directory, `a-1.${count}.zip`), "");
    all.push(
      catalogue.refresh().then(() => {
        assert.ok(catalogue.filenames("a").includes(`a-1.${count}.zip`), `a-1.${count}.zip`);
      }),
    );
    await new Promise(setImmediate);
  }
  await Promise.all(all);
  assert.equal(catalogue.filenames("a").length, 20);
});

test("a large directory is read after a pause, or at once where that is asked for", async (t) => {
  const directory = scratch(t);
  for (let count = 0; count < 2100; count++) writeFileSync(join(directory, `p${count}-1.0.zip`), "");
  const catalogue = new Catalogue(directory);
  await catalogue.refresh();
  assert.equal(catalogue.projects().size, 2100);
  writeFileSync(join(directory, "a-1.0.zip"), "");
  await catalogue.refresh({ certain: true });
  assert.deepEqual(catalogue.filenames("a"), ["a-1.0.zip"]);
  rmSync(join(directory, "a-1.0.zip"));
  while (catalogue.filenames("a").length > 0) {
    await catalogue.refresh();
    await new Promise(setImmediate);
  }
});

test("a directory that cannot be read, and can be later", async (t) => {
  const directory = join(scratch(t), "store");
  const catalogue = new Catalogue(directory);
  await assert.rejects(catalogue.refresh(), { code: "ENOENT" });
  mkdirSync(directory);
  await catalogue.refresh();
  assert.equal(catalogue.projects().size, 0);
});
