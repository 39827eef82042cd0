import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Finding } from "../../lib/doctor/finding.js";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";

/** Runs it in a folder with this configuration; the findings. */
async function doctor(t: TestContext, status: number, toml: string, ...args: string[]) {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), toml);
  const env = { HOME: cwd, ESSAY_INDEX: "" };
  const ran = await expectStatus(status, "es-doctor", ["--json", ...args], { cwd, env });
  assert.deepEqual(readdirSync(cwd), ["essay.toml"], ran.report);
  return { ...ran, findings: recordsOf(ran.stdout) as Finding[], cwd, env };
}

test("this machine and its index without a role, hosts with one, and what is wrong makes the status 1", async (t) => {
  const toml = 'project = "demo"\n[roles]\ndev = ["@local"]\nfar = ["nowhere.invalid"]\n';
  const { findings, cwd, env } = await doctor(t, 1, toml);
  assert.deepEqual([...new Set(findings.map(({ where }) => where))], ["here"]);
  const index = findings.find(({ check }) => check === "index");
  assert.deepEqual([index?.verdict, index?.found], ["wrong", "no package index is named"]);

  const { findings: all } = await doctor(t, 1, toml, "dev", "far");
  assert.deepEqual([...new Set(all.map(({ where }) => where))], ["here", "@local", "nowhere.invalid"]);
  const far = all.filter(({ where }) => where === "nowhere.invalid");
  assert.deepEqual(
    far.map(({ check, verdict }) => [check, verdict]),
    [["reach", "wrong"]],
  );
  assert.match(far[0]?.found ?? "", /^unresolved: /);

  const shown = await expectStatus(1, "es-doctor", ["dev"], { cwd, env });
  assert.match(shown.stdout, /^wrong {2}here {4}index +no package index is named\n +-> ESSAY_INDEX, or /m);
  assert.match(shown.stdout, /^ok {5}@local {2}reach +as \S+$/m);
  assert.match(shown.stdout, /\n\d+ of \d+ (is|are) wrong[^\n]*\n$/);
});

test("a configuration that cannot be read is a finding, too", async (t) => {
  const { findings } = await doctor(t, 1, "[deploy]\nprefxi = 1\n", "dev");
  const last = findings.at(-1);
  assert.deepEqual([last?.check, last?.verdict], ["essay.toml", "wrong"]);
  assert.match(last?.found ?? "", /essay\.toml:2: deploy\.prefxi is no key of essay; did you mean prefix\?/);
});

test("a role that there is not is a mistake", async (t) => {
  const { stderr } = await doctor(t, 2, "[roles]\ndev = ['@local']\n", "dve");
  assert.match(stderr, /there is no role dve; did you mean dev\?/);
});
