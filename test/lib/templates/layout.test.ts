import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { placeNew, templateFiles, templateNames } from "../../../lib/templates/layout.js";
import { expectStatus, scratch } from "../../lab/program.js";

test("every template fills in all of its values and is sound Python", async (t) => {
  const directory = scratch(t);
  for (const name of templateNames()) {
    const files = await templateFiles(name, { project: "PROJECT", package: "PACKAGE" });
    assert.ok(files.length > 0);
    for (const { path, text } of files) {
      assert.doesNotMatch(text, /<%|%>/, path);
      placeNew(join(directory, name, path), text);
    }
    await expectStatus(0, "/usr/bin/python3", ["-m", "compileall", "-q", join(directory, name)]);
  }
});

test("a template's dot files and package get their names; what imports the package belongs to it", async () => {
  const files = await templateFiles("default", { project: "p", package: "q" });
  const codeOf = (all: typeof files) => all.filter((file) => file.code).map(({ path }) => path);
  assert.deepEqual(codeOf(files), ["q/__init__.py", "q/log.py", "q/main.py", "q/settings.py"]);
  assert.ok(files.some(({ path }) => path === ".gitignore"));
  const django = codeOf(await templateFiles("django", { project: "p", package: "q" }));
  assert.ok(django.includes("manage.py") && !django.includes("pyproject.toml"), django.join(" "));
});

test("placeNew never replaces a file, a folder or a dangling link, and leaves nothing beside them", (t) => {
  const directory = scratch(t);
  assert.equal(placeNew(join(directory, "a/b"), "1"), true);
  assert.equal(placeNew(join(directory, "a/b"), "2"), false);
  assert.equal(readFileSync(join(directory, "a/b"), "utf8"), "1");
  mkdirSync(join(directory, "folder"));
  assert.equal(placeNew(join(directory, "folder"), "2"), false);
  symlinkSync("nowhere", join(directory, "link"));
  assert.equal(placeNew(join(directory, "link"), "2"), false);
  assert.deepEqual(readdirSync(directory, { recursive: true }).sort(), ["a", "a/b", "folder", "link"]);
});
