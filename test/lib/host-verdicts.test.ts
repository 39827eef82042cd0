import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { addVerdict, refuseBad, typedVersion, whyBad } from "../../lib/host-verdicts.js";
import type { Verdict } from "../../lib/status/verdicts.js";
import { LocalTransport } from "../../lib/transport/local.js";
import { scratch } from "../lab/program.js";

const transport = new LocalTransport();
const host = { host: "@local", transport: "local" } as const;
const task = { signal: new AbortController().signal, plan: false, show: undefined };
const bad: Verdict = {
  ...{ project: "My_Demo", version: "1.0", verdict: "bad", why: "loses 'mail' \\ [.*" },
  ...{ at: "2026-01-31T08:00:00Z", by: "ann@c" },
};

function place(t: TestContext) {
  const prefix = join(scratch(t), "a place");
  const file = join(prefix, ".essay/verdicts.jsonl");
  return {
    prefix,
    file,
    add: (more: Partial<Verdict> = {}, plan = false) =>
      addVerdict(transport, host, prefix, { ...bad, ...more }, { ...task, plan }),
    refuse: (project: string, version: string) =>
      refuseBad(transport, host, prefix, [project, version], task),
    lines: () => readFileSync(file, "utf8").trim().split("\n").length,
  };
}

test("a version is bad until it is said to be good again, in whatever spelling of the project", async (t) => {
  const { add, refuse, lines, file } = place(t);
  await refuse("my-demo", "1.0");
  assert.equal(await add(), true);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await assert.rejects(refuse("my.demo", "1.0"), {
    code: "bad-version",
    message: "my.demo 1.0 is marked bad by ann@c on 2026-01-31T08:00:00Z: loses 'mail' \\ [.*",
  });
  await refuse("my-demo", "1.0.1");
  await refuse("demo", "1.0");
  assert.equal(await add({ at: "2027-01-31T08:00:00Z" }), false);
  assert.equal(lines(), 1);
  assert.equal(await add({ why: "loses all" }), true);
  assert.equal(await add({ version: "1.0.1" }), true);
  assert.equal(await add({ verdict: "good" }), true);
  await refuse("my-demo", "1.0");
  await assert.rejects(refuse("my-demo", "1.0.1"), { code: "bad-version" });
  assert.equal(lines(), 4);
});

test("in a dry run it is only said that it would be marked", async (t) => {
  const { add, file } = place(t);
  assert.equal(await add({}, true), true);
  assert.ok(!existsSync(file));
});

test("a line that was cut short is not continued", async (t) => {
  const { add, refuse, file } = place(t);
  await add({ version: "2.0" });
  appendFileSync(file, '{"project":"my-demo","version":"1.0","verd');
  await add();
  await assert.rejects(refuse("my-demo", "1.0"), { code: "bad-version" });
  await assert.rejects(refuse("my-demo", "2.0"), { code: "bad-version" });
});

test("versions are compared in their normal form", async () => {
  assert.equal(await typedVersion("v26.01.31.1-Fix"), "26.1.31.1+fix");
  await assert.rejects(typedVersion("latest"), /^UsageError: latest is no version/);
  const line = '{"project":"demo","version":"26.1.31.1","verdict":"bad","at":"t","by":"ann@c"}';
  assert.equal(await whyBad([line], "Demo", "26.01.31.1"), "marked bad by ann@c on t");
  assert.equal(await whyBad([line], "demo", null), undefined);
  assert.equal(await whyBad([line], undefined, "26.1.31.1"), undefined);
});
