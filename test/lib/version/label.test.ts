import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { readVersion, withLabel } from "../../../lib/version/label.js";

const read: [string, string | undefined, boolean][] = [
  ["6.11.21.1-fixbug", "6.11.21.1+fixbug", true],
  ["6.11.21.01-Fix-Bug_2", "6.11.21.1+fix.bug.2", true],
  [" v1!2.0-x ", "1!2.0+x", true],
  ["1.0-1", "1.0+1", true],
  ["1.0-dev1", "1.0+dev1", true],
  ["1.0-rc1", "1.0+rc1", true],
  ["1.0-post1", "1.0+post1", true],
  ["1.0rc1-x", "1.0rc1+x", true],
  ["1.0+fix-bug", "1.0+fix.bug", false],
  ["1.0rc1", "1.0rc1", false],
  ["1.0.dev1", "1.0.dev1", false],
  ["6.11.21.1", "6.11.21.1", false],
  ["1.0-", undefined, false],
  ["-fixbug", undefined, false],
  ["1.0--x", undefined, false],
  ["1.0-x+y", undefined, false],
  ["1.0-$(id)", undefined, false],
  ["fixbug", undefined, false],
  ["a-b", undefined, false],
  ["", undefined, false],
];

for (const [text, version, told] of read)
  test(`${JSON.stringify(text)} is read as ${version}`, async () => {
    const note = told ? `${text.trim()} is read as ${version}` : undefined;
    assert.deepEqual(await readVersion(text), version === undefined ? undefined : { version, note });
  });

test("a label makes a local version", async () => {
  assert.equal(await withLabel("6.11.21.1", "fixbug"), "6.11.21.1+fixbug");
  for (const version of ["6.11.21.1", "6.11.21.1+fix.bug.7.x"])
    assert.equal(await withLabel(version, "Fix-Bug_007.x"), "6.11.21.1+fix.bug.7.x");
});

test("what is no label, and a second one", async () => {
  for (const label of ["", "-x", "x-", "a+b", "a b", "fix!", "ünder", "x\n", "a..b"])
    await assert.rejects(withLabel("1.0", label), UsageError, JSON.stringify(label));
  await assert.rejects(withLabel("1.0+x", "y"), /1\.0\+x has a label already, so it takes no other \(y\)/);
  await assert.rejects(withLabel("nonsense", "y"), /is no version/);
});
