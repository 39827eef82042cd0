import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ownTemplate, placeNew, templateFiles, templateNames } from "../../../lib/templates/layout.js";
import { expectStatus, scratch } from "../../lab/program.js";

test("every template fills in all of its values and is sound Python", async (t) => {
  const directory = scratch(t);
  for (const name of templateNames()) {
    const files = await templateFiles(ownTemplate(name), { project: "PROJECT", package: "PACKAGE" });
    assert.ok(files.length > 0);
    for (const { path, content, executable } of files) {
      assert.doesNotMatch(content.toString(), /<%|%>/, path);
      placeNew(join(directory, name, path), content, executable);
    }
    await expectStatus(0, "/usr/bin/python3", ["-m", "compileall", "-q", join(directory, name)]);
  }
});

test("a template's dot files and package get their names; what imports the package belongs to it", async () => {
  const files = await templateFiles(ownTemplate("default"), { project: "p", package: "q" });
  const codeOf = (all: typeof files) => all.filter((file) => file.code).map(({ path }) => path);
  assert.deepEqual(codeOf(files), ["q/__init__.py", "q/log.py", "q/main.py", "q/settings.py"]);
  assert.ok(files.some(({ path }) => path === ".gitignore"));
  // Until it is there, a run that was cut short has made no project that needs nothing more.
  assert.equal(files.at(-1)?.path, "pyproject.toml");
  const django = codeOf(await templateFiles(ownTemplate("django"), { project: "p", package: "q" }));
  assert.ok(django.includes("manage.py") && !django.includes("pyproject.toml"), django.join(" "));
});

test("a template of one's own has files of any kind", async (t) => {
  const root = scratch(t);
  const file = (name: string, content: string | Buffer) => placeNew(join(root, name), content);
  file(".git/config", "<%");
  file("package/__pycache__/x.pyc", "<%");
  file("package/logo.png", Buffer.from([0x89, 0x3c, 0x25, 0xff]));
  file("docs/gitignore", "<% project %>\n");
  file("package.json", "{}");
  file(".gitignore", "*.log\n");
  file("run", "<% package %>\n");
  chmodSync(join(root, "run"), 0o755);
  symlinkSync("/etc/passwd", join(root, "link"));
  const files = await templateFiles(root, { project: "p", package: "q" });
  assert.deepEqual(
    files.map(({ path, content, executable }) => [
      path,
      typeof content === "string" ? content : content.toString("latin1"),
      executable,
    ]),
    [
      [".gitignore", "*.log\n", false],
      ["docs/gitignore", "p\n", false],
      ["package.json", "{}", false],
      ["q/logo.png", "\x89<%\xff", false],
      ["run", "q\n", true],
    ],
  );
  writeFileSync(join(root, "wrong"), "a\n<% nmae %>\n");
  await assert.rejects(templateFiles(root, { project: "p", package: "q" }), /wrong:2: nmae has no value/);
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
