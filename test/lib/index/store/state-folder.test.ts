import assert from "node:assert/strict";
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  cleanFolder,
  makeFolder,
  replaceFile,
  stateFolder,
  temporaryName,
} from "../../../../lib/index/store/state-folder.js";
import { scratch } from "../../../lab/program.js";

test("folders are made where they are missing, for the owner of the one above", async (t) => {
  const directory = scratch(t);
  if (process.getuid?.() === 0) chownSync(directory, 12, 34);
  const folder = join(stateFolder(directory), "yanked");
  await makeFolder(folder);
  await makeFolder(folder);
  const { uid, gid } = statSync(directory);
  for (const made of [stateFolder(directory), folder]) {
    const is = statSync(made);
    assert.deepEqual([is.uid, is.gid], [uid, gid], made);
  }
});

test("a text is replaced whole", async (t) => {
  const directory = scratch(t);
  const path = join(directory, "file");
  await replaceFile(path, "one");
  await replaceFile(path, "two");
  assert.equal(readFileSync(path, "utf8"), "two");
  mkdirSync(join(directory, "folder"));
  await assert.rejects(replaceFile(join(directory, "folder"), "x"));
  assert.deepEqual(readdirSync(directory).sort(), ["file", "folder"]);
});

test("what dead programs left is cleaned up, what others are writing is not", async (t) => {
  const directory = scratch(t);
  const names = [
    "upload-999999999-ab",
    "new-999999999-ab",
    // Of one before us that had our number.
    temporaryName("upload"),
    `upload-${process.ppid}-ab`,
    `upload-${process.ppid}-cd`,
    "upload-notes",
    "contents",
  ];
  for (const name of names) writeFileSync(join(directory, name), "");
  const past = Date.now() / 1000 - 7200;
  utimesSync(join(directory, `upload-${process.ppid}-cd`), past, past);
  await cleanFolder(directory);
  assert.deepEqual(readdirSync(directory).sort(), ["contents", `upload-${process.ppid}-ab`, "upload-notes"]);
  await cleanFolder(join(directory, "none"));
});
