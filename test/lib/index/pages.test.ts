import assert from "node:assert/strict";
import { test } from "node:test";
import { prefersJson, projectPage, projectsPage } from "../../../lib/index/pages.js";
import { accept, parsePage } from "../../../lib/index/simple.js";

const file = {
  filename: "a_b-1.0+fix.tar.gz",
  path: "/srv/a_b-1.0+fix.tar.gz",
  size: 7,
  modified: new Date("2026-11-21T08:00:00Z"),
  sha256: "ab".repeat(32),
  version: "1.0+fix",
};

test("JSON is for those who ask for it", () => {
  const json = "application/vnd.pypi.simple.v1+json";
  const html = "application/vnd.pypi.simple.v1+html";
  for (const header of [
    json,
    `${json}, ${html}; q=0.1, text/html; q=0.01`,
    `${json},*/*;q=0.5`,
    accept,
    `*/*;q=0.1, ${json.replace("v1", "latest")};q=0.2`,
  ])
    assert.ok(prefersJson(header), header);
  for (const header of [
    undefined,
    "",
    "*/*",
    "text/html",
    "text/html,application/xml;q=0.9,*/*;q=0.8",
    `${json};q=0`,
    `${json};q=0.2,${html}`,
    "application/json",
    `${json};q=x`,
  ])
    assert.ok(!prefersJson(header), header);
});

test("pages of both kinds tell a reader the same", async () => {
  const url = "http://index.example/simple/a-b/";
  for (const asJson of [true, false]) {
    const page = projectPage("a-b", [file], asJson);
    assert.deepEqual(await parsePage(page.text, page.type, url), [
      {
        filename: file.filename,
        url: "http://index.example/files/a_b-1.0%2Bfix.tar.gz",
        hashes: { sha256: file.sha256 },
        yanked: false,
        requiresPython: undefined,
      },
    ]);
    const empty = projectPage("a-b", [], asJson);
    assert.deepEqual(await parsePage(empty.text, empty.type, url), []);
  }
});

test("a JSON page has the fields of PEP 700", () => {
  const page = JSON.parse(projectPage("a-b", [file, { ...file, filename: "x" }], true).text);
  assert.deepEqual(page.meta, { "api-version": "1.1" });
  assert.deepEqual(page.versions, ["1.0+fix"]);
  assert.equal(page.files[0].size, 7);
  assert.equal(page.files[0]["upload-time"], "2026-11-21T08:00:00.000Z");
});

test("the list of projects", () => {
  assert.deepEqual(JSON.parse(projectsPage(["a", "b"], true).text).projects, [{ name: "a" }, { name: "b" }]);
  assert.match(projectsPage(["a", "b"], false).text, /<a href="a\/">a<\/a>/);
});
