import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { inPrivateFolder } from "../../../lib/base/private-folder.js";
import { scratch } from "../../lab/program.js";

const gone = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
const ofPid = (name: string, pid: string) => name.replace(`.${process.pid}.`, `.${pid}.`);

test("a private folder goes with its work, and with the next one when a run was killed", async (t) => {
  const temporary = scratch(t);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = temporary;
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  let own = "";
  await assert.rejects(
    inPrivateFolder(async (folder) => {
      own = folder;
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      writeFileSync(join(folder, "a"), "");
      throw new Error("no luck");
    }),
    /no luck/,
  );
  assert.ok(!existsSync(own));
  const left = join(temporary, ofPid(basename(own), gone));
  mkdirSync(left);
  writeFileSync(join(left, "a"), "");
  mkdirSync(own);
  await inPrivateFolder(async () => {});
  assert.deepEqual(readdirSync(temporary), [basename(own)]);
});
