import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptsGzip, pageKind } from "../../../../lib/index/server/negotiate.js";
import { accept } from "../../../../lib/index/simple.js";

const json = "application/vnd.pypi.simple.v1+json";
const html = "application/vnd.pypi.simple.v1+html";

test("JSON is for those who ask for it", () => {
  for (const header of [
    json,
    json.toUpperCase(),
    `${json}, ${html}; q=0.1, text/html; q=0.01`,
    `${json},*/*;q=0.5`,
    `${json};q=0.5,text/html;q=0.500`,
    accept,
    `*/*;q=0.1, ${json.replace("v1", "latest")};q=0.2`,
    json.replace("v1", "v1.1"),
    `${json};q=0.2, ${json.replace("v1", "latest")};q=0.9, ${html};q=0.5`,
  ])
    assert.equal(pageKind(header), "json", header);
  for (const header of [
    undefined,
    "",
    ",",
    "*/*",
    "text/html",
    "text/html,application/xml;q=0.9,*/*;q=0.8",
    `${json};q=0`,
    "application/json",
    `${json};q=x`,
    `${json};q=1.1`,
    json.replace("v1", "v2"),
    `${json};q=0.2,*/*;q=0.9`,
  ])
    assert.equal(pageKind(header), "html", header);
  for (const header of [html, `${json};q=0.2,${html}`, `text/html;q=0.1,*/*,${html};q=0.5`])
    assert.equal(pageKind(header), "html-v1", header);
});

test("the address may name the kind", () => {
  assert.equal(pageKind("text/html", json), "json");
  assert.equal(pageKind("text/html", json.replace("+", " ")), "json");
  assert.equal(pageKind(json, "text/html"), "html");
  assert.equal(pageKind(json, "nonsense"), "json");
  assert.equal(pageKind(json, null), "json");
});

test("packing", () => {
  for (const header of ["gzip", "gzip, deflate, br", "x-gzip", "*", "identity;q=0.5, GZIP;q=0.1"])
    assert.ok(acceptsGzip(header), header);
  for (const header of [undefined, "", "identity", "gzip;q=0", "br", "*;q=0", "*, gzip;q=0"])
    assert.ok(!acceptsGzip(header), header);
});
