import assert from "node:assert/strict";
import { test } from "node:test";
import {
  highestVersion,
  newestVersion,
  normalVersion,
  sortedVersions,
  sortsAbove,
  versionParts,
} from "../../../lib/version/pep440.js";

test("normal forms are those of PEP 440", async () => {
  const forms: [string, string | undefined][] = [
    ["6.11.21.1", "6.11.21.1"],
    ["v06.11.021.10", "6.11.21.10"],
    [" 1.0 ", "1.0"],
    ["1.0-RC.1", "1.0rc1"],
    ["1.0alpha", "1.0a0"],
    ["1.0-1", "1.0.post1"],
    ["1.0.DEV3", "1.0.dev3"],
    ["1!2.0", "1!2.0"],
    ["1.0b2-r3.dev04", "1.0b2.post3.dev4"],
    ["1.0+Fix-Bug.007_x", "1.0+fix.bug.7.x"],
    ["1.0+1e5", "1.0+1e5"],
    ["1.0+infinity", "1.0+infinity"],
    ["6.11.21.1-fixbug", undefined],
    ["1.0+", undefined],
    ["1.0+a+b", undefined],
    ["", undefined],
    ["latest", undefined],
    ["1.0\n2.0", undefined],
    ["1..0", undefined],
    ["99999999999999999999.0", undefined],
  ];
  for (const [text, normal] of forms) assert.equal(await normalVersion(text), normal, text);
});

test("the order is that of PEP 440", async () => {
  const order = [
    "1.0.dev1",
    "1.0a1.dev2",
    "1.0a1",
    "1.0a10",
    "1.0b1",
    "1.0rc1",
    "1.0",
    "1.0+1e5",
    "1.0+abc",
    "1.0+abc.5",
    "1.0+5",
    "1.0+5.1",
    "1.0+10",
    "1.0.post1.dev1",
    "1.0.post1",
    "1.0.1",
    "6.11.21.9",
    "6.11.21.10",
    "26.1.1.1",
    "1!0.1",
  ];
  for (const [i, low] of order.entries())
    for (const high of order.slice(i + 1)) {
      assert.ok(await sortsAbove(high, low), `${high} above ${low}`);
      assert.ok(!(await sortsAbove(low, high)), `${low} not above ${high}`);
    }
  assert.ok(!(await sortsAbove("1.0.0", "1.0")), "1.0.0 equals 1.0");
  await assert.rejects(sortsAbove("1.0", "x"), /x is not a version/);
});

test("the highest counts everything, the newest leaves unfinished ones out", async () => {
  const published = ["6.11.20.9", "6.11.20.10", "junk", "6.11.21.1.dev1"];
  assert.equal(await highestVersion(published), "6.11.21.1.dev1");
  assert.equal(await newestVersion(published), "6.11.20.10");
  assert.equal(await newestVersion(["1.0rc1", "1.0a1"]), "1.0rc1");
  assert.equal(await newestVersion(["1.0", "1.0+fixbug"]), "1.0+fixbug");
  assert.equal(await newestVersion([]), undefined);
});

test("sorted versions come once, in normal form, and what is none does not come", async () => {
  const texts = ["1.10", "v1.9", "nonsense", "1.9", "1!0.1", "1.10rc1", "1.9+a", "1.9+2"];
  assert.deepEqual(await sortedVersions(texts), ["1.9", "1.9+a", "1.9+2", "1.10rc1", "1.10", "1!0.1"]);
});

test("parts tell epoch, release and whether it is finished", async () => {
  assert.deepEqual(await versionParts("nonsense"), undefined);
  const parts = await versionParts("2!6.11.21.1rc1+x");
  assert.deepEqual([parts?.epoch, parts?.release, parts?.unfinished], [2, [6, 11, 21, 1], true]);
});
