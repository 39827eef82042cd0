import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { superfluous, survey } from "../../../lib/templates/survey.js";
import { scratch } from "../../lab/program.js";

test("an empty directory lends its name", async (t) => {
  const directory = join(scratch(t), "here");
  mkdirSync(directory);
  const found = await survey(directory);
  assert.deepEqual(found, { project: "here", packaging: undefined, configured: false, readme: undefined });
  assert.equal(superfluous({ path: "pyproject.toml", code: false }, found), undefined);
});

test("a pyproject.toml with tools only packages nothing", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "pyproject.toml"), "[tool.black]\n");
  assert.equal((await survey(directory)).packaging, undefined);
  writeFileSync(join(directory, "setup.cfg"), "");
  assert.equal((await survey(directory)).packaging, "setup.cfg");
  writeFileSync(join(directory, "pyproject.toml"), "[build-system]\n");
  const found = await survey(directory);
  assert.equal(found.packaging, "pyproject.toml");
  assert.match(superfluous({ path: "x/main.py", code: true }, found) ?? "", /pyproject.toml/);
  assert.equal(superfluous({ path: "conf/x", code: false }, found), undefined);
});

test("a broken pyproject.toml is named with its line", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "pyproject.toml"), "a = 1\n[project\n");
  await assert.rejects(survey(directory), /pyproject.toml:2: /);
});
