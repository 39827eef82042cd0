// The main job with what people really run: a site with Django, served by gunicorn, on two sides of four SSH hosts.

import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { answersOf, type Deployment, pidsOf, startDeployment } from "./lab/deployment.js";
import { type Ran, recordsOf } from "./lab/program.js";

const sides = [
  { name: "a", ports: [8800, 8801] },
  { name: "b", ports: [8810, 8811] },
];
let lab: Deployment;
let version: string;

before(async () => {
  lab = await startDeployment({ hosts: 4, template: "django" });
  const file = join(lab.project, "essay.toml");
  const text = readFileSync(file, "utf8");
  // The secret key, as the template says it.
  writeFileSync(
    file,
    text.replace(/^# \[\[deploy\.conf\]\]\n(# .*\n)+/m, (lines) => lines.replace(/^# /gm, "")),
  );
});
after(() => lab.stop());

/** Deploys to a side of all hosts. */
async function deploy(side: string): Promise<Ran> {
  const ran = await lab.sh(
    `es-hosts dev --profile live | es-venv ${side} | es-pip essay_demo==${version} | es-conf | es-supervisor up |
      es-check --expect "essay_demo ${version}" --expect-header "Server: gunicorn"`,
    { env: { SECRET_KEY: "a-secret-word" } },
  );
  assert.equal(ran.status, 0, ran.report);
  assert.ok(!ran.report.includes("a-secret-word"), ran.report);
  return ran;
}

test("a site with Django is built, and each of its processes answers", async () => {
  const built = await lab.sh("es build");
  assert.equal(built.status, 0, built.report);
  version = recordsOf(built.stdout)[0].version;
  for (const { name, ports } of sides) {
    const ran = await deploy(name);
    const all = lab.ssh.hosts.flatMap(({ address }) => ports.map((port) => `${address} ${port} 200`));
    assert.deepEqual(answersOf(ran), all, ran.report);
    for (const { home } of lab.ssh.hosts) {
      const file = join(home, "essay_demo", name, "etc/secret_key");
      assert.equal(readFileSync(file, "utf8"), "a-secret-word\n");
      assert.equal(statSync(file).mode & 0o777, 0o600);
    }
  }
});

test("the same again changes nothing and restarts nothing", async () => {
  for (const { name } of sides) {
    const before = await lab.sh(`es-hosts dev | es-supervisor status ${name}`);
    const again = await deploy(name);
    for (const { trace } of recordsOf(again.stdout))
      for (const { step, changed } of trace) assert.equal(changed, false, `${step}\n${again.report}`);
    assert.equal(pidsOf(again).length, 8, again.report);
    assert.deepEqual(pidsOf(again), pidsOf(before));
  }
});
