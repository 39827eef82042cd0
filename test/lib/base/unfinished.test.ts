import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { isLeft, ownName, unfinished } from "../../../lib/base/unfinished.js";
import { scratch } from "../../lab/program.js";

const gone = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
const ofPid = (name: string, pid: string) => name.replace(`.${process.pid}.`, `.${pid}.`);

test("a name tells whether its process has ended, on this machine", () => {
  const own = ownName();
  assert.notEqual(own, ownName());
  assert.equal(isLeft(own), false);
  assert.equal(isLeft(ofPid(own, gone)), true);
  assert.equal(isLeft(`x${ofPid(own, gone)}`), false, "another machine");
  assert.equal(isLeft("a.tar.gz"), false);
});

test("what a killed run has left of a file goes, and nothing else", (t) => {
  const folder = scratch(t);
  const path = join(folder, "a.html");
  const own = unfinished(path);
  const [ofOurs, ofAnother] = [basename(own), basename(unfinished(join(folder, "b.html")))];
  for (const name of [ofOurs, ofPid(ofOurs, gone), ofPid(ofAnother, gone), ".a.html.x.part", "a.html"])
    writeFileSync(join(folder, name), "");
  unfinished(path);
  assert.deepEqual(
    readdirSync(folder).sort(),
    [ofOurs, ofPid(ofAnother, gone), ".a.html.x.part", "a.html"].sort(),
  );
});
