import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { displaysOf } from "../lab/manual.js";
import { processesWith, until } from "../lab/processes.js";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";

const page = fileURLToPath(new URL("../../../man/es-conform.1", import.meta.url));

/** A program in a directory of its own. */
function program(t: TestContext, text: string): string {
  const file = join(scratch(t), "step");
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

/** What es-conform says of a step by --json, as cases with what is wrong. */
async function judged(status: number, words: string[]): Promise<Map<string, string[]>> {
  const ran = await expectStatus(status, "es-conform", ["-q", "--json", "--timeout", "60", "--", ...words]);
  return new Map(recordsOf(ran.stdout).map((one) => [one.case, one.problems]));
}

const steps = displaysOf(readFileSync(page, "utf8")).filter(([first]) => first?.startsWith("#!"));

test("the manual shows a step in sh and one in Python", () => {
  assert.deepEqual(
    steps.map(([first]) => first),
    ["#!/bin/sh", "#!/usr/bin/env python3"],
  );
  assert.ok(steps.every((lines) => lines.length <= 20));
});

for (const [lines, args] of [
  [steps[0], ["0", "24"]],
  [steps[0], ["24", "24"]],
  [steps[1], ["CHG-17"]],
] as const)
  test(`${lines?.[1]} with ${args.join(" ")} conforms`, async (t) => {
    const cases = await judged(0, [program(t, `${lines?.join("\n")}\n`), ...args]);
    assert.equal(cases.size, 11);
  });

test("our own steps conform, also one that reaches no host", async () => {
  for (const words of [
    ["es-gate", "-q"],
    ["es-pip", "--uninstall", "x", "-q"],
  ])
    assert.equal((await judged(0, words)).size, 11);
});

test("what a step gets wrong is told, case by case", async (t) => {
  const wrong = await judged(1, [
    program(t, "#!/bin/sh\necho hello; sed 's/conform-1/other/' | head -n 2\n"),
  ]);
  assert.deepEqual(wrong.get("three records"), [
    "line 1 of its output is no record: hello",
    "host of the record of conform-1.invalid (1) is changed or gone",
    "the record of conform-3.invalid (3) did not come out",
  ]);
  assert.deepEqual(wrong.get("no record at all"), [
    "line 1 of its output is no record: hello",
    "it wrote something",
    "its status is 0, not 1: there was nothing to do",
  ]);
  assert.deepEqual(wrong.get("a line that is no record: no JSON"), [
    "line 1 of its output is no record: hello",
    "line 3 of its output is no record: {",
    "host of the record of conform-1.invalid (1) is changed or gone",
    "it says nothing on stderr",
    "its status is 0, not 2: the input is malformed",
  ]);
});

test("lost fields, a trace that is written anew, records that come twice and errors without words are told", async (t) => {
  const jq = (program: string) => ["jq", "-c", program];
  const first = "a record with fields that it does not know";
  const about = async (words: string[]) => (await judged(1, words)).get(first);
  const name = "the record of conform-1.invalid (1)";
  assert.deepEqual(await about(jq("del(.conform.unknown)")), [`conform of ${name} is changed or gone`]);
  assert.deepEqual(await about(jq(".trace = []")), [
    `${name} has lost what stood in its trace: a step adds at the end`,
  ]);
  assert.deepEqual(await about(jq("., .")), [`${name} came out 2 times`]);
  assert.deepEqual(await about(jq('.error = {code: "x", message: "y"}')), [
    `the error of ${name} has no text step`,
    "its status is 0, not 1: a record that it wrote has an error",
  ]);
  assert.deepEqual((await judged(1, jq('.error.message = "mine"'))).get("a record that came in failed"), [
    "it was changed: it is passed on untouched",
    "its status is 0, not 1: a record that it wrote has an error",
  ]);
  const cut = await judged(1, [program(t, '#!/bin/sh\nprintf %s "$(cat)"; kill -9 $$\n')]);
  assert.deepEqual(cut.get("three records"), [
    "its output does not end with a newline",
    "it was ended by SIGKILL",
  ]);
});

test("a step that does not end is ended, with what it has started", async (t) => {
  const mark = `conform-${process.pid}`;
  const file = program(t, `#!/bin/sh\nsleep 300 & exec sh -c 'sleep 300; :' ${mark}\n`);
  const ran = await expectStatus(1, "es-conform", ["--timeout", "0.3", "--", file]);
  assert.match(ran.stdout, /^wrong {2}nobody reads its output\n {7}it did not end in time, and was ended$/m);
  assert.match(ran.stderr, /^es-conform: 11 cases, 11 wrong$/m);
  await until("the end of the step", () => processesWith(mark).length === 0);
});

test("the records have the fields of --record", async (t) => {
  const at = scratch(t);
  writeFileSync(join(at, "sample.json"), '{"host":"@local","transport":"local","prefix":"/srv/x"}');
  const file = program(
    t,
    '#!/bin/sh\nexec jq -c \'if .prefix == "/srv/x" and .host == "@local" then . else empty end\'\n',
  );
  const args = ["-q", "--record", join(at, "sample.json"), "--", file];
  const ran = await expectStatus(1, "es-conform", args);
  assert.match(ran.stdout, /^ok {5}three records$/m);
});

test("wrong usage is told", async (t) => {
  const at = scratch(t);
  writeFileSync(join(at, "list"), "[]");
  for (const [args, message] of [
    [[], /say what to try: -- COMMAND/],
    [["--"], /say what to try: -- COMMAND/],
    [["--record", join(at, "none"), "--", "cat"], /cannot read .*none: ENOENT/],
    [["--record", join(at, "list"), "--", "cat"], /list is not one JSON object/],
  ] as const)
    assert.match((await expectStatus(2, "es-conform", [...args])).stderr, message);
  const absent = await expectStatus(1, "es-conform", ["--", "no-such-program"]);
  assert.match(
    absent.stderr,
    /^es-conform: no-command: cannot run no-such-program: there is no such command$/m,
  );
});
