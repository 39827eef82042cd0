import assert from "node:assert/strict";
import { test } from "node:test";
import { frontPage, projectPage, projectsPage } from "../../../../lib/index/server/pages.js";
import { parsePage } from "../../../../lib/index/simple.js";

const file = {
  filename: "a_b-1.0+fix.tar.gz",
  size: 7,
  modified: new Date("2026-11-21T08:00:00Z"),
  sha256: "ab".repeat(32),
  version: "1.0+fix",
};

test("pages of both kinds tell a reader the same", async () => {
  const url = "http://index.example/simple/a-b/";
  const yanked = {
    ...file,
    filename: "a_b-1.1-py3-none-any.whl",
    yanked: 'it is "<bad>"',
    requiresPython: ">=3.8,<4",
  };
  for (const kind of ["json", "html", "html-v1"] as const) {
    const page = projectPage("a-b", [file, yanked], kind);
    assert.deepEqual(await parsePage(page.text, page.type, url), [
      {
        filename: file.filename,
        url: "http://index.example/files/a_b-1.0%2Bfix.tar.gz",
        hashes: { sha256: file.sha256 },
        yanked: false,
        requiresPython: undefined,
      },
      {
        filename: yanked.filename,
        url: `http://index.example/files/${yanked.filename}`,
        hashes: { sha256: file.sha256 },
        yanked: true,
        requiresPython: ">=3.8,<4",
      },
    ]);
    const empty = projectPage("a-b", [], kind);
    assert.deepEqual(await parsePage(empty.text, empty.type, url), []);
  }
});

test("a JSON page has the fields of PEP 700", () => {
  const page = JSON.parse(projectPage("a-b", [file, { ...file, filename: "x" }], "json").text);
  assert.deepEqual(page.meta, { "api-version": "1.1" });
  assert.deepEqual(page.versions, ["1.0+fix"]);
  assert.equal(page.files[0].size, 7);
  assert.equal(page.files[0]["upload-time"], "2026-11-21T08:00:00.000Z");
});

test("what files say beside their names", () => {
  const wheel = { ...file, metadataSha256: "cd".repeat(32), requiresPython: ">3", yanked: "" };
  const [said] = JSON.parse(projectPage("a-b", [wheel], "json").text).files;
  assert.deepEqual(said["core-metadata"], { sha256: wheel.metadataSha256 });
  assert.equal(said["requires-python"], ">3");
  assert.equal(said.yanked, true);
  const { text } = projectPage("a-b", [wheel, { ...file, yanked: "<b>&'\"" }], "html");
  assert.match(
    text,
    / data-requires-python="&#62;3" data-core-metadata="sha256=(cd){32}" data-dist-info-metadata="sha256=(cd){32}" data-yanked="">/,
  );
  assert.match(text, / data-yanked="&#60;b&#62;&#38;&#39;&#34;">/);
});

test("the list of projects", () => {
  assert.deepEqual(JSON.parse(projectsPage(["a", "b"], "json").text).projects, [
    { name: "a" },
    { name: "b" },
  ]);
  const page = projectsPage(["a", "b"], "html-v1");
  assert.match(page.text, /<a href="a\/">a<\/a>/);
  assert.equal(page.type, "application/vnd.pypi.simple.v1+html");
});

test("a page for people", () => {
  const projects = new Map([
    ["a", 1],
    ["b<", 2],
  ]);
  const { text, type } = frontPage(projects, true);
  assert.match(type, /^text\/html/);
  assert.match(text, /2 projects, 3 files/);
  assert.match(text, /<a href="simple\/a\/">a<\/a> 1 file\n/);
  assert.match(text, /<a href="simple\/b&#60;\/">b&#60;<\/a> 2 files\n/);
  assert.match(text, /takes uploads/);
  assert.match(frontPage(projects, false).text, /takes no uploads/);
});
