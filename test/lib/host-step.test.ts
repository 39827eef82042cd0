import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { secondsForScript } from "../../lib/host-step.js";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";

const here = '{"host":"@local","transport":"local"}\n';

test("gives a step its settings and a transport", async (t) => {
  const cwd = scratch(t);
  const reached = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const [record] = recordsOf((await expectStatus(0, "es-reach", args, { input: here, cwd, env })).stdout);
    assert.equal(record.said, "hello\n");
    return record.from;
  };
  assert.equal(await reached([]), null);
  writeFileSync(join(cwd, "essay.toml"), '[ssh]\nconfig = "hosts.conf"\n');
  assert.equal(await reached([]), join(cwd, "hosts.conf"));
  assert.equal(await reached([], { ESSAY_SSH_CONFIG: "/from/environment" }), "/from/environment");
  assert.equal(await reached(["--ssh-config", "flag.conf"]), "flag.conf");
});

test("a configuration with a mistake: nothing is reached", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), "[ssh]\nconfg = 1\n");
  const { stdout, stderr } = await expectStatus(2, "es-reach", [], { input: here, cwd });
  assert.equal(stdout, "");
  assert.match(stderr, /essay.toml:2: ssh.confg is no key of essay; did you mean config\?/);
});

test("how long to wait for locks: a flag, the environment, the configuration", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), "[deploy]\nwait = 3\n");
  const waits = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const { stdout } = await expectStatus(0, "es-reach", args, { input: here, cwd, env });
    return recordsOf(stdout)[0].waits;
  };
  assert.equal(await waits([]), 3);
  assert.equal(await waits([], { ESSAY_WAIT: "20" }), 20);
  assert.equal(await waits(["--wait", "100"], { ESSAY_WAIT: "20" }), 100);
  const wrong = await expectStatus(2, "es-reach", [], { input: here, cwd, env: { ESSAY_WAIT: "1h" } });
  assert.match(wrong.stderr, /ESSAY_WAIT takes a whole number from 1 to 86400, not 1h/);
});

test("another ssh than openssh: nothing is reached", async () => {
  const { stdout, stderr } = await expectStatus(2, "es-reach", ["--ssh", "opensh"], { input: here });
  assert.equal(stdout, "");
  assert.match(stderr, /--ssh takes openssh, not opensh; did you mean openssh\?/);
});

test("a record without a host fails alone", async () => {
  const input = `{}\n${here}`;
  const { stdout } = await expectStatus(1, "es-reach", ["-k"], { input });
  const [none, well] = recordsOf(stdout);
  assert.equal(none.error.code, "bad-argument");
  assert.equal(well.said, "hello\n");
});

test("a script ends before its record's time is over, so that it can say why", () => {
  const seconds = [0, 1000, 6000, 15_000, 300_000].map(secondsForScript);
  assert.deepEqual(seconds, [31_536_000, 1, 4, 10, 272]);
});
