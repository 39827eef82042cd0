// es-pip: versions that do not go together, runs that were cut short, and what pip says without its being so.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lock } from "../lab/lock.js";
import { deployed, index, installed, mark, replacePip, run, setUp, withTiny } from "../lab/pip-venv.js";
import { identity, until } from "../lab/processes.js";
import { expectStatus, recordsOf, scratch, underWay } from "../lab/program.js";
import { plainSdist } from "../lab/sdist.js";

setUp();

test("versions that do not go together", async (t) => {
  const at = await deployed(t);
  const conflict = (await run(at, 1, ["needs==1.0", "tiny==1.1"])).error;
  assert.equal(conflict.code, "conflict");
  assert.match(conflict.message, /^these do not go together: .*tiny===1\.1; needs 1\.0 depends on tiny<1\.1/);
  assert.deepEqual(installed(at), []);
});

test("versions that do not go together, and a pip before 20.3, which installs them and says so", async (t) => {
  const at = await deployed(t);
  const says =
    "ERROR: needs 1.0 has requirement tiny<1.1,>=1.0, but you'll have tiny 1.1 which is incompatible.";
  replacePip(at, `print(${JSON.stringify(says)})\n`);
  const { error } = await run(at, 1, ["needs==1.0", "tiny==1.1"]);
  assert.deepEqual(
    [error.code, error.message],
    ["conflict", `these do not go together: ${says.slice(7, -1)}`],
  );
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
});

test("what does not go together afterwards is no success, whatever pip says; --no-deps does not ask", async (t) => {
  const at = await deployed(t);
  await run(at, 0, ["needs==1.0"]);
  const { error } = await run(at, 1, ["tiny==1.1"]);
  assert.deepEqual(
    [error.code, error.message],
    ["conflict", "these do not go together: needs 1.0 needs tiny<1.1,>=1.0, and tiny 1.1 is there"],
  );
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
  const away = await run(at, 1, ["--uninstall", "tiny"]);
  assert.match(away.error.message, /needs 1\.0 needs tiny<1\.1,>=1\.0, which is not there$/);
  assert.equal((await run(at, 0, ["tiny==1.1", "--no-deps"])).entry.changed, true);
  assert.ok(!existsSync(mark(at)));
});

test("pip that fails after it has begun to change things leaves the mark", async (t) => {
  const at = await deployed(t);
  mkdirSync(join(at.site, "tiny.py/in-the-way"), { recursive: true });
  const { error } = await run(at, 1, ["tiny==1.0"]);
  assert.equal(error.code, "pip-failed");
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
  rmSync(join(at.site, "tiny.py"), { recursive: true });
  assert.equal((await run(at, 0, ["tiny==1.0"])).entry.changed, true);
  assert.deepEqual(installed(at), ["tiny==1.0"]);
});

test("pip that says all went well is not believed", async (t) => {
  const at = await withTiny(t);
  replacePip(at, "print('Successfully installed tiny-1.1')\n");
  const { error } = await run(at, 1, ["tiny==1.1"]);
  assert.equal(error.code, "not-installed");
  assert.match(error.message, /^pip said that all went well, but .*\/srv\/a has: tiny 1\.0$/);
});

test("killed midway: the virtualenv is marked and refused, nothing runs on, and the next run mends it", async (t) => {
  const at = await deployed(t);
  const pids = join(at.home, "pid");
  plainSdist(
    scratch(t),
    index.directory,
    "slow",
    `import time
open(${JSON.stringify(pids)}, "a").write("%d\\n" % os.getpid())\ntime.sleep(1000)`,
  );
  const temporary = scratch(t);
  const env = { ...process.env, HOME: at.home, ESSAY_INDEX: index.url, TMPDIR: temporary };
  const { child, closed } = underWay(t, "es-pip", ["slow==1.0"], env);
  child.stdin.write(`${JSON.stringify(at.record)}\n`);
  await until("the build", () => existsSync(pids) && readFileSync(pids, "utf8").endsWith("\n"), 60_000);
  const pid = Number(readFileSync(pids, "utf8"));
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
  child.kill("SIGKILL");
  await closed;
  await until("the end of the build", () => identity(pid) === undefined);
  await until("the end of its files", () => readdirSync(temporary).length === 0);
  const up = await expectStatus(
    1,
    "es-supervisor",
    ["up", "--project", "tiny", "--profile", "x", "--port-prefix", "880"],
    {
      input: `${JSON.stringify(at.record)}\n`,
      env: { HOME: at.home },
      cwd: at.home,
    },
  );
  const refused = recordsOf(up.stdout)[0].error;
  assert.deepEqual(
    [refused.code, refused.message],
    ["half-done", `${at.venv} is half-done: es-pip was cut short; run it again`],
  );
  const again = await run(at, 0, ["tiny==1.0"]);
  assert.match(again.stderr, /what was cut short mended, tiny 1\.0 installed/);
  assert.deepEqual(installed(at), ["tiny==1.0"]);
  assert.ok(!existsSync(mark(at)));
});

test("what is half-installed is installed anew, dependencies too; what is whole is left alone", async (t) => {
  const at = await deployed(t);
  await run(at, 0, ["needs==1.0", "third==1.0"]);
  const before = readFileSync(join(at.site, "needs-1.0.dist-info/RECORD"));
  writeFileSync(mark(at), "es-pip\n");
  // As pip leaves them: installing tiny was cut short before its RECORD, removing third in the middle.
  rmSync(join(at.site, "tiny-1.0.dist-info/RECORD"));
  writeFileSync(join(at.site, "tiny.py"), "");
  renameSync(join(at.site, "third.py"), join(at.site, "~hird.py"));
  mkdirSync(join(at.site, "~hird-0.9.dist-info"));
  const mended = await run(at, 0, ["needs==1.0", "third==1.0"]);
  assert.equal(mended.entry.changed, true);
  assert.match(mended.stderr, /what was cut short mended, third 1\.0 installed/);
  assert.deepEqual(installed(at), ["needs==1.0", "third==1.0", "tiny==1.0"]);
  assert.match(readFileSync(join(at.site, "tiny.py"), "utf8"), /version/);
  assert.ok(existsSync(join(at.site, "third.py")));
  assert.ok(!existsSync(join(at.site, "~hird-0.9.dist-info")));
  assert.deepEqual(readFileSync(join(at.site, "needs-1.0.dist-info/RECORD")), before);
  assert.ok(!existsSync(mark(at)));
  assert.equal((await run(at, 0, ["needs==1.0", "third==1.0"])).entry.changed, false);
});

test("two versions at once are none", async (t) => {
  const at = await withTiny(t);
  execFileSync("cp", ["-a", join(at.site, "tiny-1.0.dist-info"), join(at.site, "tiny-0.9.dist-info")]);
  writeFileSync(
    join(at.site, "tiny-0.9.dist-info/METADATA"),
    "Metadata-Version: 2.1\nName: Tiny\nVersion: 0.9\n",
  );
  const ran = await run(at, 1, ["tiny==1.0"]);
  assert.equal(ran.error.code, "not-installed");
  // It is marked now: what does not match its RECORD goes.
  assert.equal((await run(at, 0, ["tiny==1.0"])).entry.changed, true);
  assert.deepEqual(installed(at), ["tiny==1.0"]);
});

test("a virtualenv that es-venv has half made is refused", async (t) => {
  const at = await deployed(t);
  writeFileSync(mark(at), "es-venv\n");
  const { error } = await run(at, 1, ["tiny==1.0"]);
  assert.deepEqual(
    [error.code, error.message],
    ["half-done", `${at.venv} is half-done: es-venv was cut short; run it again`],
  );
  assert.equal(readFileSync(mark(at), "utf8"), "es-venv\n");
});

test("while another run changes the virtualenv, it is locked", async (t) => {
  const at = await deployed(t);
  t.after(await lock(join(at.home, "srv/.essay/a.lock")));
  assert.equal((await run(at, 1, ["tiny==1.0"])).error.code, "locked");
});
