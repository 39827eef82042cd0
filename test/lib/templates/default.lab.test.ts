import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import mustache from "mustache";
import { fetchPage } from "../../lab/http.js";
import { accepts, freePort, freePrefix } from "../../lab/ports.js";
import { until } from "../../lab/processes.js";
import { expectStatus, program } from "../../lab/program.js";
import { wheels } from "../../lab/wheels.js";

/** The folder of the template's project, and of a virtualenv with it, built as pip builds it. */
const directory = mkdtempSync(join(tmpdir(), "essay-template-"));
const venv = join(directory, "a");

before(async () => {
  await expectStatus(0, "es-init", ["essay_demo"], { cwd: directory });
  await expectStatus(0, "/usr/bin/python3", ["-m", "venv", "--without-pip", venv]);
  const pip = ["-m", "pip", "--isolated", "--python", join(venv, "bin/python"), "install", "--no-index"];
  const from = ["--find-links", await wheels(), join(directory, "essay_demo")];
  await expectStatus(0, "/usr/bin/python3", [...pip, ...from]);
});
after(() => rmSync(directory, { recursive: true }));

test("the service answers its version, finishes a request under way on SIGTERM, and ends well", async (t) => {
  const port = await freePort();
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--profile", "test"];
  const service = spawn(join(venv, "bin/essay_demo"), words, { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => service.kill("SIGKILL"));
  let said = "";
  service.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await until("the service", () => accepts("127.0.0.1", port));
  assert.deepEqual(await fetchPage(`http://127.0.0.1:${port}/?x`), {
    status: 200,
    body: "essay_demo 0.0.0\n",
  });
  assert.equal((await fetchPage(`http://127.0.0.1:${port}/other`)).status, 404);

  const client = connect(port, "127.0.0.1");
  await once(client, "connect");
  client.write("GET / HT");
  // The server has this connection when it has answered a later one.
  await fetchPage(`http://127.0.0.1:${port}/`);
  service.kill("SIGTERM");
  await until("the service to stop listening", async () => !(await accepts("127.0.0.1", port)));
  client.write("TP/1.0\r\n\r\n");
  let answer = "";
  for await (const chunk of client) answer += chunk;
  assert.match(answer, /200 OK[\s\S]*essay_demo 0\.0\.0\n$/, said);
  if (service.exitCode === null) await once(service, "exit");
  assert.equal(service.exitCode, 0, said);
  assert.match(said, /profile test[\s\S]*stopped/);
});

test("supervisord runs its processes by conf/supervisord.conf", async () => {
  const prefix = await freePrefix();
  for (const folder of ["tmp", "logs"]) mkdirSync(join(venv, folder));
  const template = readFileSync(join(directory, "essay_demo/conf/supervisord.conf"), "utf8");
  const values = {
    run_root: venv,
    venv_dir: venv,
    virtualenv_name: "a",
    project: "essay_demo",
    profile: "test",
    port: prefix,
    bind: "127.0.0.1",
    process_count: 2,
    username: "user",
    password: "pass",
  };
  const conf = join(venv, "supervisord.conf");
  writeFileSync(conf, mustache.render(template, values, {}, { escape: String }), { mode: 0o600 });
  await expectStatus(0, "/usr/bin/supervisord", ["-c", conf]);
  const control = (...words: string[]) => program("/usr/bin/supervisorctl", ["-c", conf, ...words]);
  try {
    await until("both processes", async () => {
      const { stdout } = await control("status");
      return (stdout.match(/^essay_demo:essay_demo_[01] +RUNNING/gm) ?? []).length === 2;
    });
    for (const number of [0, 1]) {
      const page = await fetchPage(`http://127.0.0.1:${prefix}${number}/`);
      assert.equal(page.body, "essay_demo 0.0.0\n");
    }
    assert.match(readFileSync(join(venv, "logs/process_01.log"), "utf8"), /profile test/);
  } finally {
    const pid = Number(readFileSync(join(venv, "tmp/supervisord.pid"), "utf8"));
    await control("shutdown");
    await until("the end of supervisord", () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
  }
});
