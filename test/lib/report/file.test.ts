import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Failure, UsageError } from "../../../lib/base/failure.js";
import { checkFolderOf, writeWhole } from "../../../lib/report/file.js";
import { scratch } from "../../lab/program.js";

test("a file takes the place of the old one, and nothing stays beside it", async (t) => {
  const folder = scratch(t);
  const file = join(folder, "r.html");
  writeFileSync(file, "old");
  await writeWhole(file, "new");
  assert.equal(readFileSync(file, "utf8"), "new");
  assert.deepEqual(readdirSync(folder), ["r.html"]);
});

test("a folder of that name is told, and nothing stays beside it", async (t) => {
  const folder = scratch(t);
  mkdirSync(join(folder, "r.html"));
  await assert.rejects(
    writeWhole(join(folder, "r.html"), "new"),
    (error) => error instanceof Failure && error.code === "in-the-way",
  );
  assert.deepEqual(readdirSync(folder), ["r.html"]);
});

test("a folder that is not there is a mistake of the command line", async (t) => {
  const file = join(scratch(t), "none/r.html");
  await assert.rejects(
    checkFolderOf(file),
    (error) => error instanceof UsageError && /ENOENT/.test(error.message),
  );
});
