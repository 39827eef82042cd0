// The steps that change something, under another account than the one that logs in.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startIndex } from "./lab/index.js";
import { freePrefix } from "./lab/ports.js";
import { processesOf, until } from "./lab/processes.js";
import { recordsOf, scratch, shell } from "./lab/program.js";
import { labFor } from "./lab/reach.js";
import { putDemo } from "./lab/supervised.js";
import { tiny } from "./lab/tiny.js";

describe("become", () => {
  const started = labFor({ hosts: 1, become: true });

  /** Runs a pipeline and gives its only record. */
  async function run(t: Parameters<typeof scratch>[0], pipeline: string, env: NodeJS.ProcessEnv = {}) {
    const settings = { ESSAY_SESSION: "", ESSAY_SSH_CONFIG: started.lab.sshConfig, ...env };
    const ran = await shell(`set -o pipefail; ${pipeline}`, {
      cwd: scratch(t),
      env: settings,
      limit: 100_000,
    });
    return { ran, record: recordsOf(ran.stdout)[0] };
  }

  test("es-venv, es-pip, es-run and es-supervisor work as the account, and leave nothing as another", async (t) => {
    const { app } = started.lab;
    assert.ok(app);
    const { entry, uid } = started.host(0);
    const index = await startIndex();
    t.after(() => index.stop());
    tiny(index.directory, "1.0");
    const venv = join(app.home, "srv/a");
    const hosts = `es-hosts ${entry} --become ${app.name} --prefix ${app.home}/srv`;
    const env = { ESSAY_INDEX: index.url };
    const built = await run(
      t,
      `${hosts} | es-venv a | es-pip tiny==1.0 | es-run -- sh -c 'id -un >who'`,
      env,
    );
    assert.equal(built.ran.status, 0, built.ran.report);
    assert.deepEqual(
      built.record.trace.map(({ step, changed }: { step: string; changed: boolean }) => `${step} ${changed}`),
      ["es-venv true", "es-pip true", "es-run true"],
    );
    putDemo(venv);
    execFileSync("chown", ["-R", `${app.uid}:${app.gid}`, join(venv, "bin/demo"), join(venv, "tmp")]);
    chownSync(join(venv, "bin"), app.uid, app.gid);

    const port = await freePrefix();
    const up = await run(
      t,
      `${hosts} | es-venv a | es-supervisor up --project demo --profile test --port-prefix ${port}`,
    );
    assert.equal(up.ran.status, 0, up.ran.report);
    const pids = up.record.processes.map(({ pid }: { pid: number }) => pid);
    assert.ok(
      pids.length > 0 && pids.every((pid: number) => processesOf(app.uid).includes(pid)),
      up.ran.report,
    );

    const files = readdirSync(app.home, { recursive: true, encoding: "utf8" }).map((name) =>
      join(app.home, name),
    );
    assert.ok(files.length > 100, String(files.length));
    const others = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.uid !== app.uid);
    assert.deepEqual(
      others.filter((file) => !file.includes("/bin/python")),
      [],
    );
    const down = await run(t, `${hosts} | es-venv a | es-supervisor shutdown`);
    assert.equal(down.ran.status, 0, down.ran.report);
    for (const user of [app.uid, uid])
      await until("the end of all processes", () => processesOf(user).length === 0);
  });

  test("each says what sudo says where it wants a password", async (t) => {
    const { entry, home, uid } = started.host(0);
    const record = JSON.stringify({
      host: entry.replace(/^.*@|:\d+$/g, ""),
      user: started.host(0).user,
      transport: "ssh",
      become: "root",
      prefix: join(home, "srv"),
      project: "demo",
      venv: { name: "a", path: join(home, "srv/a") },
      batch: { id: "x", size: 1 },
    });
    for (const step of [
      "es-venv a",
      "es-pip tiny==1.0",
      "es-run -- true",
      "es-supervisor up --profile test --port-prefix 123",
    ]) {
      const denied = await run(t, `echo '${record}' | ${step}`, {
        ESSAY_INDEX: "http://127.0.0.1:9/simple/",
      });
      assert.equal(denied.ran.status, 1, denied.ran.report);
      const { code, message } = denied.record.error;
      assert.equal(code, "become-failed", denied.ran.report);
      assert.match(message, /cannot become root on .* by sudo -n: sudo: a password is required/);
    }
    assert.equal(processesOf(uid).length, 0);
  });
});
