import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { allows, findExact, parseSpecifier } from "../../../lib/version/specifier.js";

const silent = () => assert.fail("nothing is to be told");

test("names with and without versions", async () => {
  const read = async (text: string) => {
    const { project, name, exact, text: line } = await parseSpecifier(text, silent);
    return [project, name, exact, line];
  };
  assert.deepEqual(await read("tornado"), ["tornado", "tornado", undefined, "tornado"]);
  assert.deepEqual(await read(" Django == v4.2 "), ["Django", "Django", "4.2", "Django==4.2"]);
  assert.deepEqual(await read("a[x, y]>=5,<6"), ["a", "a[x,y]", undefined, "a[x,y]>=5,<6"]);
  assert.deepEqual(await read("a~=1.4,!=1.5.*"), ["a", "a", undefined, "a~=1.4,!=1.5.*"]);
  assert.deepEqual(await read("a==4.2.*"), ["a", "a", undefined, "a==4.2.*"]);
  assert.deepEqual(await read("a===1.0+x"), ["a", "a", "1.0+x", "a===1.0+x"]);
});

test("a label after a hyphen is told of", async () => {
  const told: string[] = [];
  const { exact } = await parseSpecifier("a==4.2-fixbug", (note) => told.push(note));
  assert.deepEqual([exact, told], ["4.2+fixbug", ["4.2-fixbug is read as 4.2+fixbug"]]);
});

test("what pip could read as anything else is refused", async () => {
  for (const text of [
    "",
    "./a",
    "-e.",
    "a b",
    "a==",
    "a==x",
    "a>=4.*",
    "a @ http://x/",
    "a==1.0 --pre",
    "a; x",
    "a,b",
    "a\n-e .",
  ])
    await assert.rejects(parseSpecifier(text, silent), UsageError, text);
});

test("an exact version in the spelling of the index, and not one with a label", async () => {
  assert.equal(await findExact("1.0", ["x.y", "1.0+fixbug", "1.00.0", "2.0"]), "1.00.0");
  assert.equal(await findExact("1.0+fixbug", ["1.0", "1.0+fixbug"]), "1.0+fixbug");
  assert.equal(await findExact("1.0", ["1.0+fixbug", "1.1"]), undefined);
});

test("versions that clauses allow", async () => {
  const asked = [">=3.8", ">=3.8,<3.11", "", "!=3.11.2", "nonsense", "~=3.10"];
  const answers = await Promise.all(asked.map((clauses) => allows(clauses, "3.11.2")));
  assert.deepEqual(answers, [true, false, true, false, false, true]);
});
