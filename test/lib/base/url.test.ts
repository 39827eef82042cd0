import assert from "node:assert/strict";
import { test } from "node:test";
import { hasCredentials, hideCredentials, indexRoot, splitCredentials } from "../../../lib/base/url.js";

test("credentials are found and hidden", () => {
  for (const [text, hidden] of [
    ["https://user:pw@host/simple/", "https://host/simple/"],
    ["--index=http://token@host:8080/", "--index=http://host:8080/"],
    ["see https://a:b@one/ and https://c:d@two/.", "see https://one/ and https://two/."],
    ["HTTPS://u:p@host", "HTTPS://host"],
    ["https://u:p@ss@host/", "https://host/"],
    ["ssh://git:secret@host/repo", "ssh://host/repo"],
    ["https://:pw@host/", "https://host/"],
    ["--index=http://u:s3/cr@et@host:80/simple/", "--index=http://host:80/simple/"],
    ["http://u:se#cret@host/ is no URL", "http://host/ is no URL"],
    ["http://u:se?cret@host", "http://host"],
    ["1http://u:pw@host/", "1http://host/"],
    ["url=https://u:pw@a/https://u:pw@b/", "url=https://a/https://b/"],
  ] as const) {
    assert.equal(hideCredentials(text), hidden);
    assert.ok(hasCredentials(text), text);
  }
});

test("what has none stays as it is", () => {
  for (const text of [
    "https://host/simple/",
    "https://host/a@b",
    "https://host:8080/a@b",
    "https://host/?q=a:b@c",
    "ssh://git@host/repo.git",
    "git@host:repo.git",
    "user@web1:22",
    "demo==1.0",
  ]) {
    assert.equal(hideCredentials(text), text);
    assert.ok(!hasCredentials(text), text);
  }
});

test("a URL is split into what may be shown and what may not", () => {
  assert.deepEqual(splitCredentials("https://me:a%40b%3A%2F%25@host/simple"), {
    url: "https://host/simple",
    user: "me",
    password: "a@b:/%",
  });
  assert.deepEqual(splitCredentials("https://token@host/"), { url: "https://host/", user: "token" });
  assert.deepEqual(splitCredentials("https://host/"), { url: "https://host/" });
  assert.deepEqual(splitCredentials("https://u:100%@host/").password, "100%");
  assert.throws(() => splitCredentials("no url"), TypeError);
});

test("the URLs of one index have one root", () => {
  for (const [text, root] of [
    ["https://me:pw@a/simple/?x#y", "https://a/"],
    ["https://a/simple", "https://a/"],
    ["https://a", "https://a/"],
    ["https://a/legacy/", "https://a/"],
    ["https://a/root/pypi/+simple/", "https://a/root/pypi/"],
    ["https://a/api/pypi/local/simple", "https://a/api/pypi/local/"],
    ["https://a/not-simple/", "https://a/not-simple/"],
  ] as const)
    assert.equal(indexRoot(text), root, text);
  assert.throws(() => indexRoot("internal"), TypeError);
});

test("a word as long as a record takes no longer than many short ones", () => {
  const word = "a".repeat(1024 * 1024);
  assert.equal(hideCredentials(`${word} https://u:p@host/`), `${word} https://host/`);
});
