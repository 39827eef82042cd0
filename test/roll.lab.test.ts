// A dry run of the whole pipeline on fresh hosts, a roll that stops at its first batch, and its rerun.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { type Deployment, startDeployment } from "./lab/deployment.js";
import { fetchPage } from "./lab/http.js";
import { recordsOf } from "./lab/program.js";

const hosts = 20;
const version = "26.1.31.1";
let lab: Deployment;

before(async () => {
  lab = await startDeployment({ hosts });
  const built = await lab.sh(
    `set -o pipefail; es-version use ${version} | es-sdist --branch master | es-wheel | es-upload --index "$ESSAY_INDEX"`,
  );
  assert.equal(built.status, 0, built.report);
});
after(() => lab.stop());

/** The hosts on which anything has been made. */
const touched = () => lab.ssh.hosts.filter(({ home }) => readdirSync(home).length > 0).map(({ user }) => user);

const steps = `es-venv a | es-pip essay_demo==${version} | es-supervisor up --profile test`;

test("a dry run of the whole pipeline, on hosts with nothing on them, changes nothing", async () => {
  const ran = await lab.sh(`es-hosts dev --limit '*.2,*.3' --dry-run | ${steps} | es-check`);
  assert.equal(ran.status, 0, ran.report);
  const records = recordsOf(ran.stdout);
  assert.equal(records.length, 2, ran.report);
  for (const { plan, trace, error } of records) {
    assert.deepEqual([plan, error], [true, undefined], ran.report);
    assert.deepEqual(
      trace.map(({ step, changed }: { step: string; changed: boolean }) => [step, changed]),
      [
        ["es-venv", true],
        ["es-pip", true],
        ["es-supervisor", true],
      ],
      ran.report,
    );
  }
  for (const says of [
    /es-venv {2}dry run: virtualenv a made/,
    new RegExp(`es-pip {2}dry run: .*essay_demo ${version.replaceAll(".", "\\.")} installed`),
    /es-supervisor {2}dry run: supervisord started/,
    /es-check {2}dry run: what es-supervisor would start is not there to be asked/,
  ])
    assert.match(ran.stderr, says, ran.report);
  assert.deepEqual(touched(), []);
});

test("what was not planned to be made is missing in a dry run, too", async () => {
  const ran = await lab.sh(`es-hosts dev --limit '*.2' --dry-run | es-supervisor up --venv a --profile test`);
  assert.equal(recordsOf(ran.stdout)[0].error?.code, "no-venv", ran.report);
});

test("a version that fails its check stops a roll over 20 hosts at the first one, and one line says so", async () => {
  const ran = await lab.sh(
    `es-hosts dev | es-roll 1,10%,100% -- es-session sh -c '${steps} | es-check --timeout 3 --expect "no such text"' | tee run.jsonl | es-report`,
  );
  assert.equal(ran.status, 1, ran.report);
  assert.match(
    ran.stderr,
    /^es-roll: stopped after batch 1 of 3: 1 of 1 host failed; 19 hosts were not touched$/m,
    ran.report,
  );
  assert.equal(touched().length, 1, ran.report);
  assert.equal(ran.stdout.match(/not-attempted/g)?.length, 19, ran.report);
  assert.equal(ran.stdout.match(/check-failed/g)?.length, 1, ran.report);
});

test("what failed is run again by es deploy --retry, and no other host", async () => {
  const one = "es-pick --not --role nosuch run.jsonl | head -n 1 >one.jsonl";
  const ran = await lab.sh(`set -e; ${one}; es deploy ${version} a --retry one.jsonl --partial`);
  assert.notEqual(ran.status, 0, ran.report);
});
