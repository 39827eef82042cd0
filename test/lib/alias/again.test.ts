import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileBehind, retrying } from "../../../lib/alias/again.js";
import { builtinAliases } from "../../../lib/alias/builtin.js";
import { expand, parseTemplate } from "../../../lib/alias/template.js";
import { scratch } from "../../lab/program.js";

const expanded = (text: string) => async (args: string[]) =>
  expand("x", parseTemplate(text), args, (key) => (key === "project" ? "demo" : undefined), {
    live: "a",
    idle: "b",
  });
const deploy = expanded(builtinAliases.deploy ?? "");

test("a deploy goes on with what failed, without what the file says itself", async () => {
  const args = ["1.0", "a", "test", "-R", "dev"];
  assert.deepEqual(await retrying(args, "run.jsonl", deploy), [
    "--retry",
    "run.jsonl",
    "1.0",
    "a",
    "-R",
    "dev",
  ]);
  assert.deepEqual(await retrying(["1.0", "a", "-R", "dev"], "r", deploy), [
    "--retry",
    "r",
    "1.0",
    "a",
    "-R",
    "dev",
  ]);
});

test("a second try has a third one", async () => {
  for (const args of [
    ["--retry", "old", "1.0", "a"],
    ["1.0", "--retry=old", "a"],
  ])
    assert.deepEqual(await retrying(args, "new", deploy), ["--retry", "new", "1.0", "a"]);
});

test("an alias that has no --retry, or only hands it on, cannot go on so", async () => {
  assert.equal(await retrying(["A", "B"], "run.jsonl", expanded("es-nginx-switch {1} {2}")), undefined);
  assert.equal(await retrying(["dev"], "run.jsonl", expanded("es-hosts {@}")), undefined);
});

test("the file that a descriptor writes to", (t) => {
  const path = join(scratch(t), "run.jsonl");
  const file = openSync(path, "w");
  assert.equal(fileBehind(file), path);
  closeSync(file);
  const terminal = openSync("/dev/null", "w");
  assert.equal(fileBehind(terminal), undefined);
  closeSync(terminal);
  assert.equal(fileBehind(9999), undefined);
});
