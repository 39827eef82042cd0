import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { unyank, Yanked, yank, yankedFolder } from "../../../../lib/index/store/yanked.js";
import { scratch } from "../../../lab/program.js";

test("marks are set, changed and taken away, and seen by who looks", async (t) => {
  const directory = scratch(t);
  const yanked = new Yanked(directory);
  assert.deepEqual([...(await yanked.reasons())], []);
  assert.equal(await unyank(directory, "a-1.0.zip"), false);
  assert.ok(!existsSync(yankedFolder(directory)));
  assert.equal(await yank(directory, "a-1.0.zip", ""), true);
  assert.deepEqual([...(await yanked.reasons())], [["a-1.0.zip", ""]]);
  assert.equal(await yank(directory, "a-1.0.zip", "breaks logins"), true);
  assert.equal(await yank(directory, "a-1.0.zip", "breaks logins"), false);
  assert.deepEqual([...(await yanked.reasons())], [["a-1.0.zip", "breaks logins"]]);
  // Unfinished, and so no mark.
  writeFileSync(join(yankedFolder(directory), "new-1-ab"), "");
  assert.equal((await yanked.reasons()).size, 1);
  assert.equal(await unyank(directory, "a-1.0.zip"), true);
  assert.deepEqual([...(await yanked.reasons())], []);
});

test("many who look at once see the same", async (t) => {
  const directory = scratch(t);
  for (let count = 0; count < 20; count++) await yank(directory, `a-1.${count}.zip`, String(count));
  const yanked = new Yanked(directory);
  const all = await Promise.all(Array.from({ length: 10 }, () => yanked.reasons()));
  assert.deepEqual(
    all.map(({ size }) => size),
    Array.from({ length: 10 }, () => 20),
  );
});
