import assert from "node:assert/strict";
import { test } from "node:test";
import { outdated } from "../../../lib/version/outdated.js";

/** Versions, oldest last; a star marks a yanked one. */
async function gone(keep: number, ...texts: string[]): Promise<string[]> {
  const releases = texts.map((text) => ({ version: text.replace("*", ""), yanked: text.endsWith("*") }));
  return (await outdated(releases, keep)).map(({ version }) => version);
}

test("the newest stay, by PEP 440, in whatever order they come", async () => {
  assert.deepEqual(await gone(2, "1.9", "1.10", "1.2", "1.10+fix"), ["1.2", "1.9"]);
  assert.deepEqual(await gone(5, "1.0", "2.0"), []);
  assert.deepEqual(await gone(1), []);
});

test("pre-releases push no finished version out", async () => {
  assert.deepEqual(await gone(2, "2.0rc2", "2.0rc1", "2.0.dev1", "1.1", "1.0", "0.9"), ["0.9", "2.0.dev1"]);
  assert.deepEqual(await gone(1, "2.0rc2", "2.0rc1"), ["2.0rc1"]);
});

test("yanked versions count for nothing, and go with what is as old", async () => {
  assert.deepEqual(await gone(2, "5*", "4", "3*", "2", "1", "0.9*"), ["0.9", "1"]);
  assert.deepEqual(await gone(1, "3*", "2*", "1"), []);
  assert.deepEqual(await gone(1, "2", "1*"), ["1"]);
});

test("of a project whose versions are all yanked, some stay", async () => {
  assert.deepEqual(await gone(1, "3*", "2*", "1*"), ["1", "2"]);
});
