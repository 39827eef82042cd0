import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePage } from "../../../lib/index/simple.js";

const page = "http://index.example/simple/essay-demo/";
const sha = "ab".repeat(32);

test("an HTML page: relative links, base, fragments, entities, yanked files", async () => {
  const html = `<!DOCTYPE html><html><head><base href="../../"><title>Links for essay-demo</title></head><body>
    <a href="files/essay_demo-1.0.tar.gz#sha256=${sha.toUpperCase()}" data-requires-python="&gt;=3.8">essay_demo-1.0.tar.gz</a>
    <a href="files/essay_demo-1.0%2Bfix.tar.gz" data-yanked="">cut off..&gt;</a>
    <a>no link</a></body></html>`;
  assert.deepEqual(await parsePage(html, "text/html; charset=utf-8", page), [
    {
      filename: "essay_demo-1.0.tar.gz",
      url: "http://index.example/files/essay_demo-1.0.tar.gz",
      hashes: { sha256: sha },
      yanked: false,
      requiresPython: ">=3.8",
    },
    {
      filename: "essay_demo-1.0+fix.tar.gz",
      url: "http://index.example/files/essay_demo-1.0%2Bfix.tar.gz",
      hashes: {},
      yanked: true,
      requiresPython: undefined,
    },
  ]);
});

test("a JSON page", async () => {
  const json = JSON.stringify({
    meta: { "api-version": "1.1" },
    name: "essay-demo",
    files: [
      {
        filename: "a-1.zip",
        url: "../a-1.zip#x",
        hashes: { sha256: sha },
        yanked: "bad",
        "requires-python": "",
      },
      {
        filename: "a-2.zip",
        url: "http://files.example/a-2.zip",
        hashes: {},
        yanked: false,
        "requires-python": ">=3",
      },
    ],
  });
  const files = await parsePage(json, "application/vnd.pypi.simple.v1+json", page);
  assert.deepEqual(files, [
    {
      filename: "a-1.zip",
      url: "http://index.example/simple/a-1.zip",
      hashes: { sha256: sha },
      yanked: true,
      requiresPython: undefined,
    },
    {
      filename: "a-2.zip",
      url: "http://files.example/a-2.zip",
      hashes: {},
      yanked: false,
      requiresPython: ">=3",
    },
  ]);
});

test("a page without files is one when it says so", async () => {
  for (const head of [
    '<meta name="pypi:repository-version" content="1.0">',
    "<title>Links for x</title>",
    "<h1>Index of /x</h1>",
  ])
    assert.deepEqual(await parsePage(`<html>${head}</html>`, "text/html", page), []);
});

test("pages that are no lists of files", async () => {
  const json = "application/vnd.pypi.simple.v1+json";
  const cases: [string, string][] = [
    ["<html><title>Welcome</title><a href='/login'>log in</a></html>", "text/html"],
    ["", "text/html"],
    ["{}", json],
    ["{", json],
    ['{"files":[{"filename":"a"}]}', json],
    ['{"files":[null]}', json],
    ['{"files":[{"filename":"a","url":"http://[bad"}]}', json],
    ['{"meta":{"api-version":"2.0"},"files":[]}', json],
    ["a-1.0.tar.gz", "text/plain"],
    ["a-1.0.tar.gz", ""],
  ];
  for (const [text, type] of cases)
    await assert.rejects(parsePage(text, type, page), { code: "not-an-index" }, `${type} ${text}`);
});
