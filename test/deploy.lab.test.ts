// The main job, end to end: from an empty directory to processes that answer, on SSH hosts.

import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { answersOf, type Deployment, pidsOf, startDeployment } from "./lab/deployment.js";
import { fetchPage } from "./lab/http.js";
import { type Ran, recordsOf } from "./lab/program.js";
import { quiet, slowPython } from "./lab/slow.js";

// Of six hosts, one refuses connections and one has another key than is known.
const refusing = 4;
const changedKey = 5;
let lab: Deployment;
let version: string;

before(async () => {
  lab = await startDeployment({ hosts: 6, refusing: [refusing], wrongKey: [changedKey] });
});
after(() => lab.stop());

const deploy = (more = "", checkFlags = "") =>
  `es-hosts dev | es-venv a | es-pip essay_demo==${version} | es-supervisor up --profile test ${more}| es-check ${checkFlags}`;

async function build(): Promise<Ran> {
  const ran = await lab.sh(
    'set -o pipefail; es-version next | es-sdist --branch master | es-wheel | es-upload --index "$ESSAY_INDEX" | tee release.jsonl',
  );
  assert.equal(ran.status, 0, ran.report);
  version = recordsOf(ran.stdout)[0].version;
  return ran;
}

test("a commit becomes files on the index", async () => {
  const ran = await build();
  const [release] = recordsOf(ran.stdout);
  assert.equal(release.project, "essay_demo", ran.report);
  assert.match(release.commit, /^[0-9a-f]{40}$/, ran.report);
  assert.deepEqual(
    release.files.map(({ kind }: { kind: string }) => kind).sort(),
    ["sdist", "wheel"],
    ran.report,
  );
  assert.deepEqual(
    release.uploaded.map(({ outcome }: { outcome: string }) => outcome),
    ["uploaded", "uploaded"],
    ran.report,
  );
  for (const { filename } of release.files)
    assert.ok(existsSync(join(lab.index.directory, filename)), ran.report);
});

test("four of six hosts serve, two say why they do not", async () => {
  const ran = await lab.sh(deploy());
  assert.equal(ran.status, 1, ran.report);
  const records = recordsOf(ran.stdout);
  assert.equal(records.length, 6, ran.report);
  const failed = records.filter(({ error }) => error);
  assert.deepEqual(failed.map(({ error }) => error.code).sort(), ["host-key-changed", "refused"], ran.report);
  for (const { address } of lab.ssh.hosts.slice(0, 4))
    for (const port of [8800, 8801]) {
      const page = await fetchPage(`http://${address}:${port}/`);
      assert.equal(page.status, 200, ran.report);
      assert.ok(page.body.includes(version), page.body);
    }
});

test("the same again changes nothing and restarts nothing", async () => {
  const first = await lab.sh(deploy("", "--max-fail 2"));
  assert.equal(first.status, 0, first.report);
  const second = await lab.sh(deploy("", "--max-fail 2"));
  assert.equal(second.status, 0, second.report);
  for (const record of recordsOf(second.stdout))
    for (const { step, changed } of record.trace) assert.equal(changed, false, `${step}\n${second.report}`);
  assert.equal(pidsOf(second).length, 8, second.report);
  assert.deepEqual(pidsOf(second), pidsOf(first));
});

test("a deploy that ended between es-pip and es-supervisor is finished by the next one", async () => {
  const before = await lab.sh("es-hosts dev | es-supervisor status --venv a");
  await build();
  const half = await lab.sh(`es-hosts dev | es-venv a | es-pip essay_demo==${version}`);
  assert.equal(recordsOf(half.stdout).filter(({ error }) => !error).length, 4, half.report);
  const whole = await lab.sh(deploy());
  const pids = new Set(pidsOf(before));
  assert.equal(pidsOf(whole).length, 8, whole.report);
  for (const one of pidsOf(whole)) assert.ok(!pids.has(one), `${one} still runs old code\n${whole.report}`);
  for (const { address } of lab.ssh.hosts.slice(0, 4))
    assert.ok((await fetchPage(`http://${address}:8800/`)).body.includes(version));
});

test("es deploy puts files and runs commands of the configuration; only a file that differs restarts", async () => {
  writeFileSync(join(lab.project, "app.tpl"), "{{host}} {{version}} {{env.APP_KEY}}\n");
  appendFileSync(
    join(lab.project, "essay.toml"),
    `
[[deploy.conf]]
from = "app.tpl"
to = "etc/app.conf"
env = ["APP_KEY"]
[env.hooks.deploy]
pre = ["test -s $VIRTUAL_ENV/etc/app.conf", { run = "python -c 'import essay_demo' && echo once", once = true }]
post = "echo $ESSAY_PROJECT $ESSAY_VERSION $ESSAY_VENV $ESSAY_PROFILE $ESSAY_HOST"
`,
  );
  const options = { env: { APP_KEY: "a-secret-word" } };
  const first = await lab.sh(`es --env hooks deploy -R dev ${version} a test | tee first.jsonl`, options);
  const records = recordsOf(first.stdout).filter(({ error }) => !error);
  assert.equal(records.length, 4, first.report);
  for (const { host, ran } of records)
    assert.equal(ran.stdout, `essay_demo ${version} a test ${host}\n`, first.report);
  const steps = records.map(({ trace }) => trace.filter(({ changed }: { changed: boolean }) => changed));
  for (const changes of steps) {
    const changers = changes.map(({ step }: { step: string }) => step);
    assert.deepEqual(changers, ["es-conf", "es-run", "es-supervisor", "es-run"], first.report);
  }
  assert.equal(first.stderr.match(/&& echo once: once/g)?.length, 1, first.report);
  assert.equal(first.stderr.match(/&& echo once run on /g)?.length, 3, first.report);
  for (const { home, address } of lab.ssh.hosts.slice(0, 4))
    assert.equal(
      readFileSync(join(home, "essay_demo/a/etc/app.conf"), "utf8"),
      `${address} ${version} a-secret-word\n`,
    );
  const second = await lab.sh(`es --env hooks deploy -R dev ${version} a test`, options);
  assert.deepEqual(pidsOf(second), pidsOf(first), second.report);
  for (const { report } of [first, second]) assert.ok(!report.includes("a-secret-word"), report);
});

test("a release is installed by its record, with its commit, and runs beside the side that serves", async () => {
  const before = await lab.sh("es-hosts dev | es-supervisor status a");
  const ran = await lab.sh(`es-hosts dev --profile test | es-venv b | es-pip --release release.jsonl |
    es-supervisor up | es-check --expect "essay_demo ${version}"`);
  const good = recordsOf(ran.stdout).filter(({ error }) => !error);
  const release = JSON.parse(readFileSync(join(lab.project, "release.jsonl"), "utf8"));
  assert.equal(good.length, 4, ran.report);
  for (const record of good) {
    assert.equal(record.commit, release.commit, ran.report);
    assert.deepEqual(record.installed, { essay_demo: version }, ran.report);
  }
  const ports = lab.ssh.hosts.slice(0, 4).flatMap(({ address }) => [`${address} 8810`, `${address} 8811`]);
  assert.deepEqual(
    answersOf(ran),
    ports.map((port) => `${port} 200`),
    ran.report,
  );
  const after = await lab.sh("es-hosts dev | es-supervisor status a");
  assert.equal(pidsOf(after).length, 8, after.report);
  assert.deepEqual(pidsOf(after), pidsOf(before));
});

test("roles, records and names that are wrong end with a reason and touch nothing", async () => {
  const cases: [script: string, status: number, says: RegExp][] = [
    ["es-hosts nosuchrole | es-venv a", 1, /no role nosuchrole/],
    [`echo '{"host":' | es-venv a`, 2, /line 1/],
    ["es-hosts dev | es-pip 'x; touch /tmp/essay-owned'", 2, /not NAME==VERSION/],
    ["es-hosts dev | es-venv '$(touch /tmp/essay-owned)'", 2, /cannot name a virtualenv/],
  ];
  for (const [script, status, says] of cases) {
    const ran = await lab.sh(script);
    assert.equal(ran.status, status, ran.report);
    assert.match(ran.stderr, says, ran.report);
  }
  assert.ok(!existsSync("/tmp/essay-owned"));
});

test("a stage that is killed is noticed by the last one", async () => {
  const python = slowPython(lab.ssh.directory);
  const ran =
    await lab.sh(`es-hosts dev | sh -c 'echo $$ >pid; exec es-venv slow --python ${python}' | es-report &
    last=$!
    while [ "$(cat ${python}.started 2>/dev/null | wc -l)" -lt 4 ]; do sleep 0.05; done
    kill -KILL "$(cat pid)"
    wait "$last"`);
  assert.equal(ran.status, 1, ran.report);
  assert.match(ran.stderr, /4 of the 6 records of batch \w+ never came/, ran.report);
  await quiet(lab.ssh, /^sshd: |\/essay_demo\/[ab]\//);
});
