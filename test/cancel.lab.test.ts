// Ctrl-C in the middle of a deploy: every host comes out as a record, nothing is left running, and the
// script does not go on.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { until } from "./lab/processes.js";
import { pathWithBins, recordsOf } from "./lab/program.js";
import { quiet, slowPython } from "./lab/slow.js";
import { type SshLab, startSshd } from "./lab/sshd.js";

let ssh: SshLab;
before(async () => {
  ssh = await startSshd({ hosts: 8 });
});
after(() => ssh.stop());

/** Runs a script by bash in a process group of its own, as a terminal would, and sends the group a signal. */
async function interrupted(script: string, signal: NodeJS.Signals, ready: () => boolean) {
  const env = { ...process.env, PATH: pathWithBins, ESSAY_SSH_CONFIG: ssh.sshConfig };
  const child = spawn("bash", ["-c", script], {
    cwd: ssh.directory,
    env,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  await until("the hosts at work", ready, 30_000).catch((error: Error) => {
    process.kill(-(child.pid as number), "SIGKILL");
    throw new Error(`${error.message}\n${stderr}`);
  });
  process.kill(-(child.pid as number), signal);
  const [status, killer] = await once(child, "close");
  return { status, killer, stderr };
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  test(`${signal} during a deploy of 8 hosts`, async () => {
    const python = slowPython(ssh.directory);
    const out = join(ssh.directory, `${signal}.jsonl`);
    const next = join(ssh.directory, `${signal}.next`);
    writeFileSync(out, "");
    const hosts = ssh.inventory.map((entry) => `'${entry}'`).join(" ");
    const ended = await interrupted(
      `es-hosts ${hosts} --prefix '~/x' | es-venv a -j 6 --python ${python} | es-pip essay_demo==1.0 --index http://127.0.0.1:9/ >${out}
       touch ${next}`,
      signal,
      () => readFileSync(`${python}.started`, "utf8").split("\n").length > 6,
    );
    assert.equal(ended.killer, signal, ended.stderr);
    assert.ok(!existsSync(next), "the script went on");
    const codes = recordsOf(readFileSync(out, "utf8")).map(({ error }) => error?.code);
    assert.deepEqual(
      codes.sort(),
      [...Array(6).fill("cancelled"), "not-attempted", "not-attempted"],
      ended.stderr,
    );
    await quiet(ssh);
  });
