import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { examineMachine, isOldPython, openSecrets, strayPip } from "../../../lib/doctor/machine.js";
import { scratch } from "../../lab/program.js";

const { signal } = new AbortController();

/** A folder for PATH with these programs and no others. */
function programs(t: TestContext, scripts: Record<string, string>): string {
  const folder = scratch(t);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** "VERDICT CHECK FOUND" of what was found. */
async function examined(t: TestContext, scripts: Record<string, string>, more: NodeJS.ProcessEnv = {}) {
  const env = { PATH: programs(t, scripts), ...more };
  const findings = await examineMachine({ env, home: scratch(t), signal });
  return findings.map(({ verdict, check, found }) => `${verdict} ${check} ${found}`);
}

test("a machine with all, and one with nothing", async (t) => {
  const all = {
    git: "echo git version 2.39.5",
    python3: "case $* in *pip*) echo pip 23.0 ;; *) echo 3.11.2 /usr/bin/python3 ;; esac",
    ssh: "echo OpenSSH_9.2p1 >&2",
    "ssh-add": "echo one; echo two",
  };
  const node = `ok node ${process.versions.node}`;
  assert.deepEqual(await examined(t, all, { SSH_AUTH_SOCK: "/x" }), [
    node,
    "ok git git version 2.39.5",
    "ok python 3.11.2 /usr/bin/python3",
    "ok pip pip 23.0",
    "ok pip.conf nothing leads pip elsewhere",
    "ok ssh OpenSSH_9.2p1",
    "ok keys 2 in the agent",
  ]);
  assert.deepEqual(await examined(t, {}), [
    node,
    "wrong git there is no git",
    "wrong python there is no python3",
    "ok pip.conf nothing leads pip elsewhere",
    "note ssh there is no ssh",
    "note keys no key in an agent or in ~/.ssh",
  ]);
});

test("a Python that is too old, and one without pip", async (t) => {
  const old = await examined(t, { python3: "echo 3.7.9 /old" });
  assert.ok(old.includes("wrong python 3.7.9 /old"), old.join("\n"));
  const bare = await examined(t, {
    python3: "case $* in *pip*) exit 1 ;; esac; echo 3.8.0 /usr/bin/python3",
  });
  assert.ok(bare.includes("wrong pip python3 has no pip"), bare.join("\n"));
  assert.deepEqual(["2.7.18", "3.7.9", "3.8.0", "3.13.1", "4.0.0"].map(isOldPython), [
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("configuration that leads pip elsewhere: files and variables", (t) => {
  const home = scratch(t);
  mkdirSync(join(home, ".config/pip"), { recursive: true });
  const file = join(home, ".config/pip/pip.conf");
  writeFileSync(file, "[global]\n# index-url = x\ntimeout = 5\n");
  assert.deepEqual(
    strayPip({ env: {}, home }).map(({ verdict }) => verdict),
    ["ok"],
  );
  writeFileSync(file, "[global]\ntimeout = 5\nextra-index-url = https://me:hush@pypi.example/\n");
  const env = { PIP_CONFIG_FILE: "/dev/null", PIP_USER: "1", PIP_INDEX_URL: "", PIP_TIMEOUT: "5" };
  const found = strayPip({ env, home }).map((one) => one.found);
  assert.deepEqual(found, [`${file} sets extra-index-url`, "PIP_USER is set"]);
});

test("files with secrets that others can read", (t) => {
  const home = scratch(t);
  mkdirSync(join(home, ".ssh"));
  const file = (name: string, mode: number) => {
    writeFileSync(join(home, name), "");
    chmodSync(join(home, name), mode);
  };
  file(".netrc", 0o640);
  file(".pypirc", 0o600);
  file(".ssh/id_rsa", 0o604);
  assert.deepEqual(
    openSecrets({ env: {}, home }).map(({ advice }) => advice),
    [`chmod 600 ${home}/.netrc`, `chmod 600 ${home}/.ssh/id_rsa`],
  );
  assert.deepEqual(openSecrets({ env: { NETRC: "/nowhere" }, home }).length, 1);
});
