import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../../lib/base/digest.js";
import { keepFile } from "../../../lib/package/output.js";
import { scratch } from "../../lab/program.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const put = (out: string, text: string) =>
  keepFile(out, "a.tar.gz", async (temporary) => {
    writeFileSync(temporary, text);
    return digestOf(temporary);
  });

test("a file gets its name when it is whole, and the same bytes change nothing", async (t) => {
  const out = join(scratch(t), "new/folder");
  const path = join(out, "a.tar.gz");
  const seen: string[] = [];
  const kept = await keepFile(out, "a.tar.gz", async (temporary) => {
    writeFileSync(temporary, "one");
    seen.push(...readdirSync(out).filter((name) => !name.startsWith(".")));
    return digestOf(temporary);
  });
  assert.deepEqual(seen, []);
  assert.deepEqual(kept, { path, size: 3, sha256: sha256("one"), changed: true, replaced: false });
  const { ino } = statSync(path);
  assert.equal((await put(out, "one")).changed, false);
  assert.equal(statSync(path).ino, ino);
  const other = await put(out, "two");
  assert.deepEqual([other.changed, other.replaced], [true, true]);
  assert.equal(readFileSync(path, "utf8"), "two");
  assert.deepEqual(readdirSync(out), ["a.tar.gz"]);
});

test("nothing stays behind of a file that could not be written", async (t) => {
  const out = scratch(t);
  const failing = keepFile(out, "a.tar.gz", async (temporary) => {
    writeFileSync(temporary, "half");
    throw new Error("no luck");
  });
  await assert.rejects(failing, /no luck/);
  assert.deepEqual(readdirSync(out), []);
});

test("a link of that name is replaced, not followed; a folder is not", async (t) => {
  const out = scratch(t);
  const precious = join(scratch(t), "precious");
  writeFileSync(precious, "precious");
  symlinkSync(precious, join(out, "a.tar.gz"));
  await put(out, "new");
  assert.equal(readFileSync(precious, "utf8"), "precious");
  const other = scratch(t);
  mkdirSync(join(other, "a.tar.gz"));
  await assert.rejects(put(other, "new"), {
    code: "in-the-way",
    message: `cannot write a.tar.gz into ${other}: a folder there has that name`,
  });
  assert.deepEqual(readdirSync(other), ["a.tar.gz"]);
  await assert.rejects(put(precious, "new"), { code: "in-the-way", message: /: this is no folder$/ });
  await assert.rejects(put(join(precious, "out"), "new"), {
    code: "in-the-way",
    message: /: this is no folder$/,
  });
});

test("what a killed run has left goes with the next one, and nothing else", async (t) => {
  const out = scratch(t);
  const gone = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
  let own = "";
  await keepFile(out, "a.tar.gz", async (temporary) => {
    own = basename(temporary);
    writeFileSync(temporary, "one");
    return digestOf(temporary);
  });
  const left = own.replace(`.${process.pid}.`, `.${gone}.`);
  assert.notEqual(left, own);
  const others = [
    own,
    left.replace("a.tar.gz", "b.tar.gz"),
    left.replace(/^\.a\.tar\.gz\.[^.]+/, ".a.tar.gz.elsewhere"),
  ];
  for (const name of [left, ...others]) writeFileSync(join(out, name), "");
  await put(out, "two");
  assert.deepEqual(readdirSync(out).sort(), [...others, "a.tar.gz"].sort());
});
