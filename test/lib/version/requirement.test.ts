import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { parseRequirement, requirementLine } from "../../../lib/version/requirement.js";

const silent = () => {};

for (const [text, requirement] of [
  ["essay_demo==3.11.20.1", { name: "essay_demo", project: "essay_demo", version: "3.11.20.1" }],
  ["essay-demo===3.11.20.1", { name: "essay-demo", project: "essay-demo", version: "3.11.20.1" }],
  [" a.b == 1.0 ", { name: "a.b", project: "a.b", version: "1.0" }],
  ["celery[redis, auth]==5.0", { name: "celery[redis,auth]", project: "celery", version: "5.0" }],
  ["x==v6.11.21.01RC1", { name: "x", project: "x", version: "6.11.21.1rc1" }],
  ["x==1.0+Fix-Bug", { name: "x", project: "x", version: "1.0+fix.bug" }],
  ["x==1!2.0", { name: "x", project: "x", version: "1!2.0" }],
] as const)
  test(`${text} is a requirement`, async () =>
    assert.deepEqual(await parseRequirement(text, silent), requirement));

for (const text of [
  "",
  "essay_demo",
  "==1.0",
  "x==",
  "x>=1.0",
  "x==1.*",
  "x==1.0,<2",
  "x; touch /tmp/owned",
  "x==1.0; touch /tmp/owned",
  "x==1.0 --index-url http://evil/",
  "x==1.0\n--index-url http://evil/",
  "x==$(id)",
  "-r/etc/passwd",
  "-x==1.0",
  "../x==1.0",
  "http://a/x.whl",
  "x @ http://a/x.whl",
  "x==one",
])
  test(`${JSON.stringify(text)} is no requirement`, () =>
    assert.rejects(
      parseRequirement(text, silent),
      (error) =>
        error instanceof UsageError &&
        error.message.startsWith(`${JSON.stringify(text)} is not NAME==VERSION`),
    ));

test("a label after a hyphen is told of", async () => {
  const told: string[] = [];
  const requirement = await parseRequirement("x==6.11.21.1-fixbug", (note) => told.push(note));
  assert.equal(requirement.version, "6.11.21.1+fixbug");
  assert.deepEqual(told, ["6.11.21.1-fixbug is read as 6.11.21.1+fixbug"]);
});

test("a line for pip takes this version and no local one of it, and files by their hashes", () => {
  assert.equal(requirementLine("x", "1.0"), "x===1.0");
  assert.equal(requirementLine("x", "1.0", ["aa", "bb"]), "x===1.0 --hash=sha256:aa --hash=sha256:bb");
});
