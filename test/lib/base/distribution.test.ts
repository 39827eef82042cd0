import assert from "node:assert/strict";
import { test } from "node:test";
import { isProjectName, normalName, parseFileName, sdistStem } from "../../../lib/base/distribution.js";

test("names are compared without case and with any separator", () => {
  for (const name of ["essay-demo", "Essay_Demo", "essay.demo", "ESSAY-_.demo"])
    assert.equal(normalName(name), "essay-demo");
});

test("names are checked", () => {
  for (const name of ["a", "essay_demo", "A.b-c", "2to3"]) assert.ok(isProjectName(name), name);
  for (const name of ["", "_a", "a-", "a b", "é", "a/b", "..", "a\n"]) assert.ok(!isProjectName(name), name);
});

test("the file of an sdist begins with the escaped name", () => {
  assert.equal(sdistStem("Essay.Demo-web", "6.11.21.1+fixbug"), "essay_demo_web-6.11.21.1+fixbug");
});

test("names of wheels are read", () => {
  assert.deepEqual(parseFileName("essay_demo-6.11.21.1-py3-none-any.whl"), {
    kind: "wheel",
    name: "essay_demo",
    version: "6.11.21.1",
  });
  assert.equal(parseFileName("a-1.0-2-py3-none-any.whl")?.version, "1.0");
  for (const bad of ["a.whl", "a-1.0.whl", "a-1-2-3-4-5-6.whl", "-1.0-py3-none-any.whl"])
    assert.equal(parseFileName(bad), undefined, bad);
});

test("names of sdists are read, old ones with the project's help", () => {
  assert.deepEqual(parseFileName("essay_demo-6.11.21.1.tar.gz"), {
    kind: "sdist",
    name: "essay_demo",
    version: "6.11.21.1",
  });
  assert.deepEqual(parseFileName("essay-demo-6.11.21.1.zip"), {
    kind: "sdist",
    name: "essay-demo",
    version: "6.11.21.1",
  });
  assert.equal(parseFileName("essay-demo-1.0-1.tar.gz", "essay_demo")?.version, "1.0-1");
  assert.equal(parseFileName("essay_demo_webpy-1.0.tar.gz", "essay_demo"), undefined);
  for (const bad of ["essay_demo.tar.gz", "essay_demo-1.0.exe", "-1.0.tar.gz", "a-.zip", "README"])
    assert.equal(parseFileName(bad), undefined, bad);
});
