import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseFile } from "../../../lib/base/schema.js";
import type { Answer } from "../../../lib/index/http.js";
import { refusal, wordsOf } from "../../../lib/index/refusal.js";

const file: ReleaseFile = {
  path: "/x/tiny-1.0.tar.gz",
  filename: "tiny-1.0.tar.gz",
  kind: "sdist",
  name: "tiny",
  version: "1.0",
  size: 4711,
  sha256: "0".repeat(64),
};

const known = { known: true, own: true };
const unknown = { known: false, own: true };

function answer(status: number, reason = "", headers: Answer["headers"] = {}): Answer {
  return { status, reason, headers, url: "http://pypi.example/up/", body: undefined as never };
}

test("refusals name the cause and the way on", () => {
  const cases: [Answer, string, string, RegExp][] = [
    [
      answer(301, "Moved", { location: "https://a.example/up" }),
      "",
      "redirected",
      /name the URL itself: https:\/\/a/,
    ],
    [answer(308), "", "redirected", /not said which/],
    [answer(401), "", "auth-failed", /wants a user name and password/],
    [
      answer(403, "No rights"),
      "",
      "http-403",
      /403 No rights; the account may not upload tiny-1\.0\.tar\.gz/,
    ],
    [answer(404), "", "http-404", /upload URL/],
    [answer(405), "", "http-405", /upload URL/],
    [answer(413), "", "http-413", /tiny-1\.0\.tar\.gz has 4711 bytes/],
    [answer(400, "Invalid classifier"), "", "http-400", /up\/ answers 400 Invalid classifier$/],
    [answer(507), "", "http-507", /507$/],
    [answer(503, "", { "retry-after": "7" }), "", "http-503", /503; it asks to come back in 7 s$/],
  ];
  for (const [said, text, code, message] of cases) {
    const failure = refusal(file, said, text, unknown);
    assert.equal(failure.code, code, failure.message);
    assert.match(failure.message, message);
  }
  assert.match(refusal(file, answer(401), "", known).message, /does not take the user name and password/);
});

test("every index says in its own way that a name is taken", () => {
  const json = { "content-type": "application/json" };
  const taken: [string, Answer, string][] = [
    ["pypiserver", answer(409, "Conflict"), "Package already exists"],
    ["PyPI", answer(400, "File already exists. See /help/#file-name-reuse"), "<html>"],
    ["PyPI, deleted", answer(400, "This filename has already been used, use a different version."), ""],
    ["devpi", answer(409, "tiny-1.0.tar.gz already exists in non-volatile index", json), "{}"],
    ["Nexus", answer(400, "Repository does not allow updating assets: pypi-internal"), ""],
    [
      "Nexus, new",
      answer(400, "Bad Request", { "content-type": "text/html" }),
      "<p>tiny-1.0.tar.gz cannot be updated</p>",
    ],
    [
      "Artifactory",
      answer(403, "Forbidden", json),
      '{"errors":[{"status":403,"message":"Not enough permissions to delete/overwrite artifact \'a\'"}]}',
    ],
  ];
  for (const [index, said, text] of taken)
    for (const own of [true, false])
      assert.equal(
        refusal(file, said, text, { known: true, own }).code,
        own ? "already-exists" : "dependency-differs",
        index,
      );
  assert.equal(refusal(file, answer(400, "Bad Request"), "bad version", known).code, "http-400");
});

test("the words of an answer", () => {
  const words = (type: string, text: string) =>
    wordsOf({ reason: "Bad Request", headers: { "content-type": type } }, text);
  assert.equal(words("text/plain; charset=utf-8", " no\n such  thing "), "Bad Request: no such thing");
  assert.equal(words("text/plain", "Bad Request\n"), "Bad Request");
  assert.equal(words("text/html", "<h1>no</h1>"), "Bad Request");
  assert.equal(
    words("application/json", '{"message":"400 (Bad request)"}'),
    "Bad Request: 400 (Bad request)",
  );
  assert.equal(words("application/json", '{"error":"x"}'), "Bad Request: x");
  assert.equal(words("application/json", '{"errors":[{"message":"y"}]}'), "Bad Request: y");
  for (const odd of ["{", "[]", "null", '{"message":1}', '{"errors":[]}'])
    assert.equal(words("application/json", odd), "Bad Request");
});
