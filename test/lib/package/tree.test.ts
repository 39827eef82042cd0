import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { commitTime, listTree } from "../../../lib/package/tree.js";
import { commitTime as committed, type Files, type Repository, repository } from "../../lab/repository.js";

const { signal } = new AbortController();

async function paths(repo: Repository): Promise<string[]> {
  const head = await repo.git("rev-parse", "HEAD");
  return (await listTree(repo.directory, head, signal)).map(({ path }) => path);
}

test("every file with its kind, whatever its name", async (t) => {
  const files: Files = {
    "a b": "x",
    "a\nb\tc": "x",
    "back\\slash": "x",
    empty: "",
    "ünï/Ω": "x",
    "\ufeffbom": "x",
    link: { link: "empty" },
    "run.sh": { run: "#!/bin/sh\n" },
  };
  const repo = await repository(t, files);
  const entries = await listTree(repo.directory, "HEAD", signal);
  assert.deepEqual(entries.map(({ path }) => path).sort(), Object.keys(files).sort());
  const kind = (path: string) => entries.find((entry) => entry.path === path)?.kind;
  assert.deepEqual([kind("link"), kind("run.sh"), kind("empty")], ["symlink", "executable", "file"]);
  assert.equal(await commitTime(repo.directory, "HEAD", signal), committed);
});

test("export-ignore counts as the commit says it, for folders, too", async (t) => {
  const repo = await repository(t, {
    ".gitattributes":
      "docs/ export-ignore\nsub/* export-ignore\nsub/keep -export-ignore\n*.log export-ignore\n",
    "docs/x/deep": "",
    "sub/keep": "",
    "sub/drop": "",
    "a.log": "",
    "inner/.gitattributes": "own export-ignore\n",
    "inner/own": "",
    "inner/other": "",
    own: "",
  });
  const kept = [".gitattributes", "inner/.gitattributes", "inner/other", "own", "sub/keep"];
  assert.deepEqual(await paths(repo), kept);
  // This clone's own attributes, and those in a changed work tree, have no part in it.
  writeFileSync(`${repo.directory}/.git/info/attributes`, "own export-ignore\n");
  writeFileSync(`${repo.directory}/.gitattributes`, "");
  assert.deepEqual(await paths(repo), kept);
});

test("names that are not UTF-8 and submodules are refused by name", async (t) => {
  const repo = await repository(t, { a: "" });
  writeFileSync(Buffer.concat([Buffer.from(`${repo.directory}/caf`), Buffer.from([0xe9])]), "x");
  await repo.commit({});
  await assert.rejects(paths(repo), { code: "bad-name", message: /the file café is not UTF-8/ });

  const outer = await repository(t, { a: "" });
  const id = await outer.git("rev-parse", "HEAD");
  await outer.git("update-index", "--add", "--cacheinfo", `160000,${id},vendor/in`);
  await outer.git("commit", "--quiet", "--message", "a submodule");
  await assert.rejects(paths(outer), {
    code: "submodule",
    message: /vendor\/in is a submodule.*vendor\/in export-ignore/,
  });
  outer.write({ ".gitattributes": "/vendor export-ignore\n" });
  await outer.git("add", ".gitattributes");
  await outer.git("commit", "--quiet", "--message", "kept out");
  assert.deepEqual(await paths(outer), [".gitattributes", "a"]);
});

test("a repository with SHA-256 ids", async (t) => {
  const repo = await repository(t, { a: "" });
  await repo.git("init", "--quiet", "--object-format=sha256", "other");
  const inner = `${repo.directory}/other`;
  writeFileSync(`${inner}/.gitattributes`, "b export-ignore\n");
  writeFileSync(`${inner}/b`, "");
  await repo.git("-C", inner, "add", "--all");
  await repo.git("-C", inner, "commit", "--quiet", "--message", "x");
  const id = await repo.git("-C", inner, "rev-parse", "HEAD");
  assert.deepEqual(
    (await listTree(inner, id, signal)).map(({ path }) => path),
    [".gitattributes"],
  );
});
