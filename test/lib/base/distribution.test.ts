import assert from "node:assert/strict";
import { test } from "node:test";
import { normaliseName, parseFilename, sdistStem } from "../../../lib/base/distribution.js";

test("all spellings of a project's name become one", () => {
  for (const name of ["Essay_Demo", "essay-demo", "essay.demo", "ESSAY-_.demo"])
    assert.equal(normaliseName(name), "essay-demo");
});

test("names of sdists and wheels", () => {
  const cases: [string, string, string, string][] = [
    ["essay_demo-6.11.21.1.tar.gz", "sdist", "essay_demo", "6.11.21.1"],
    ["my-old-pkg-1.0.zip", "sdist", "my-old-pkg", "1.0"],
    ["essay_demo-3.11.20.1+fixbug.tar.gz", "sdist", "essay_demo", "3.11.20.1+fixbug"],
    ["a-1!2.0rc1.post2.dev3.tar.gz", "sdist", "a", "1!2.0rc1.post2.dev3"],
    ["essay_demo-6.11.21.1-py3-none-any.whl", "wheel", "essay_demo", "6.11.21.1"],
    ["x-1.0+a_b-2build-cp311-cp311-linux_x86_64.whl", "wheel", "x", "1.0+a-b"],
  ];
  for (const [filename, kind, name, version] of cases)
    assert.deepEqual(parseFilename(filename), { kind, name, version }, filename);
});

test("what is no sdist and no wheel", () => {
  for (const filename of [
    "../essay-1.0.tar.gz",
    "..",
    ".essay-1.0.tar.gz",
    "essay/essay-1.0.tar.gz",
    "essay\\essay-1.0.tar.gz",
    "essay-1.0.tar.gz\n",
    "essay-1.0.tar.gz.asc",
    "essay-1.0.exe",
    "essay-1.0-py3.11.egg",
    "essay.tar.gz",
    "essay-.tar.gz",
    "-1.0.tar.gz",
    "essay-1.0-py3-none.whl",
    "essay-1.0-b1-py3-none-any.whl",
    "essay-1.0---any.whl",
    "essay-one-py3-none-any.whl",
    "",
  ])
    assert.equal(parseFilename(filename), undefined, filename);
});

test("a project's files, and not those of one whose name begins with it", () => {
  assert.equal(parseFilename("essay-demo-1.0.tar.gz", "essay"), undefined);
  assert.equal(parseFilename("essay_demo-1.0-py3-none-any.whl", "essay"), undefined);
  assert.equal(parseFilename("Essay.Demo-1.0.tar.gz", "essay_demo")?.version, "1.0");
  assert.equal(parseFilename("foo-2-1.tar.gz", "foo-2")?.version, "1");
});

test("the file of an sdist begins with the escaped name", () => {
  assert.equal(sdistStem("Essay.Demo-web", "6.11.21.1+fixbug"), "essay_demo_web-6.11.21.1+fixbug");
});

test("a name that no file system takes is none", () => {
  const named = (length: number) => `${"a".repeat(length - "-1.zip".length)}-1.zip`;
  assert.ok(parseFilename(named(255)));
  assert.equal(parseFilename(named(256)), undefined);
});
