// A dry run of the whole pipeline on fresh hosts, a roll that stops at its first batch, and its rerun.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { type Deployment, startDeployment } from "./lab/deployment.js";
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
const touched = () =>
  lab.ssh.hosts.filter(({ home }) => readdirSync(home).length > 0).map(({ user }) => user);

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
  assert.match(
    ran.stdout,
    /^20 hosts: 0 ok, 1 failed \(es-check: check-failed 1\), 19 not begun$/m,
    ran.report,
  );
});

test("what failed is run again by es deploy --retry, also as a dry run, and no other host", async () => {
  const picked = await lab.sh("grep check-failed run.jsonl | es-pick --failed --partial >one.jsonl");
  assert.equal(picked.status, 0, picked.report);
  const retry = `es deploy ${version} a --retry one.jsonl`;
  const planned = await lab.sh(`${retry} --dry-run`);
  assert.equal(planned.status, 0, planned.report);
  assert.match(planned.stderr, /es-pip {2}dry run: essay_demo \S+ already there/, planned.report);
  const ran = await lab.sh(`${retry} >again.jsonl; status=$?; cat again.jsonl; exit $status`);
  assert.equal(ran.status, 0, ran.report);
  const [record, ...others] = recordsOf(ran.stdout);
  assert.deepEqual([others.length, record.error, record.batch.size], [0, undefined, 1], ran.report);
  assert.equal(record.checks.length, 2, ran.report);
  assert.ok(
    record.trace.some(({ code }: { code?: string }) => code === "check-failed"),
    "the trace tells of the first run, too",
  );
  assert.equal(touched().length, 1, ran.report);
  const rest = await lab.sh("es-pick --failed run.jsonl again.jsonl");
  assert.equal(recordsOf(rest.stdout).length, 19, rest.report);
});
