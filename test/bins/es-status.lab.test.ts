import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Deed } from "../../lib/base/schema.js";
import { historyIn } from "../lab/history.js";
import { identity, kill, until } from "../lab/processes.js";
import { bins, expectStatus, shell as run, scratch } from "../lab/program.js";
import { labFor } from "../lab/reach.js";
import { pathOf, shells } from "../lab/shells.js";
import { recordOf, supervised } from "../lab/supervised.js";
import { siteOf } from "../lab/venv.js";

test("processes, strays and their end; what was done is in the history", async (t) => {
  const { es, path, prefix } = await supervised(t);
  const directory = join(path, "..");
  const hosts = await expectStatus(0, "es-hosts", ["@local", "--prefix", directory]);
  writeFileSync(join(directory, "essay.toml"), 'history.file = "here.jsonl"\n');
  const status = async (code: number, args: string[], input = hosts.stdout) =>
    recordOf(await expectStatus(code, "es-status", args, { input, cwd: directory }));
  await es(0, "up", "--profile", "test");
  copyFileSync("/bin/sleep", join(path, "bin/stray"));
  mkdirSync(join(directory, "b/.essay"), { recursive: true });
  writeFileSync(join(directory, "b/.essay/changing"), "es-pip\n");
  const stray = spawn(join(path, "bin/stray"), ["1000"]);
  // Its words name the virtualenv, and yet it is none of its processes.
  const other = spawn("sleep", ["1000"], { argv0: `sleep ${path}/bin/stray` });
  t.after(() => kill([stray.pid as number, other.pid as number]));

  const all = await status(0, []);
  const [a, b] = all.venvs;
  assert.equal(all.trace, undefined);
  assert.deepEqual([a.name, a.path, a.state, a.supervisor], ["a", path, "sound", "running"]);
  assert.deepEqual(
    a.processes.map(({ state, port }: Record<string, unknown>) => [state, port]),
    [["RUNNING", Number(`${prefix}0`)]],
  );
  assert.equal(a.started, a.generation);
  assert.ok(a.memory > 0 && a.cpu >= 0, JSON.stringify(a));
  assert.deepEqual(
    a.strays.map(({ pid }: { pid: number }) => pid),
    [stray.pid],
  );
  assert.deepEqual([b.name, b.state, b.marks, b.supervisor], ["b", "marked", ["es-pip"], "down"]);
  assert.equal(all.system.load.length, 3);

  const plan = await status(0, ["a", "--end-strays", "--dry-run"]);
  assert.equal(plan.trace.at(-1).changed, true);
  assert.ok(identity(stray.pid as number), "a dry run has ended a process");
  const live = hosts.stdout.replace("}\n", ',"live":"a"}\n');
  assert.equal((await status(1, ["a", "--end-strays"], live)).error.code, "live");
  const ended = await status(0, ["a", "--end-strays"]);
  assert.equal(ended.trace.at(-1).changed, true);
  assert.deepEqual(ended.venvs[0].strays, []);
  assert.deepEqual(ended.processes, a.processes);
  assert.equal(identity(stray.pid as number), undefined);
  assert.ok(identity(other.pid as number), "a process was ended for its words");

  const { history } = await status(0, ["a", "--history"]);
  assert.deepEqual(
    history.map(({ step, outcome, venv }: Record<string, string>) => [step, outcome, venv]),
    ["es-venv", "es-supervisor", "es-status"].map((step) => [step, "done", "a"]),
  );
  assert.deepEqual(historyIn(join(directory, ".essay/history.jsonl")), history);
  assert.deepEqual(historyIn(join(directory, "here.jsonl")), history.slice(1));

  // What a killed supervisord leaves behind is a stray, and what fails after a change is noted.
  const [process] = a.processes;
  const daemon = Number(readFileSync(join(path, "tmp/supervisord.pid"), "utf8"));
  kill([daemon]);
  await until("the end of supervisord", () => identity(daemon) === undefined);
  const left = await status(0, ["a"]);
  assert.deepEqual(left.processes, []);
  assert.deepEqual(
    left.venvs[0].strays.map(({ pid }: { pid: number }) => pid),
    [process.pid],
  );
  await es(1, "up", "--profile", "crash");
  const [failed] = (await status(0, ["a", "--history", "-n", "1"])).history;
  assert.deepEqual([failed.step, failed.outcome, failed.code], ["es-supervisor", "failed", "process-failed"]);
});

test("whether a side could be served, and versions that are bad", async (t) => {
  const { es, path, record } = await supervised(t);
  const directory = join(path, "..");
  const status = async (code: number, ...args: string[]) =>
    recordOf(
      await expectStatus(code, "es-status", ["--project", "demo", ...args], {
        input: record,
        cwd: directory,
      }),
    );
  const refused = async (code: string, message: RegExp, ...args: string[]) => {
    const { error } = await status(1, "a", ...args);
    assert.equal(error.code, code);
    assert.match(error.message, message);
  };
  await refused("not-ready", /^the project is not installed in a$/, "--ready");
  const metadata = join(siteOf(path), "demo-1.02.dist-info");
  mkdirSync(metadata);
  writeFileSync(join(metadata, "METADATA"), "Metadata-Version: 2.1\nName: demo\nVersion: 1.02\n");
  await refused("not-running", /^no supervisord answers in a$/, "--ready");
  await es(0, "up", "--profile", "test");

  const ready = await status(0, "a", "--ready", "--other-than", "b");
  assert.deepEqual(
    [ready.venv, ready.installed, ready.processes.length, ready.venvs, ready.trace.at(-1).step],
    [{ name: "a", path }, { demo: "1.02" }, 1, undefined, "es-venv"],
  );
  symlinkSync("a", join(directory, "b"));
  await refused("same-version", /^a and b both have demo 1\.02$/, "--other-than", "b");

  const marked = await status(0, "--mark-bad", "v1.2", "--why", "loses mail");
  assert.equal(marked.trace.at(-1).changed, true);
  assert.equal((await status(0, "--mark-bad", "1.2", "--why", "loses mail")).trace.at(-1).changed, false);
  await refused("bad-version", /^1\.02 in a is marked bad by .*@.* on 20.*Z: loses mail$/, "--ready");
  assert.match((await status(0, "a")).venvs[0].bad, /loses mail$/);
  assert.equal((await status(1, "--not-bad", "1.2")).error.code, "bad-version");
  assert.equal((await status(0, "--not-bad", "1.2.1")).trace.at(-1).step, "es-venv");
  await status(0, "--mark-good", "1.2");
  const { history } = await status(0, "--history");
  assert.deepEqual(
    history.slice(-2).map(({ step, version, changes }: Deed) => [step, version, ...changes]),
    [
      ["es-status", "1.2", "demo 1.2 marked bad: loses mail"],
      ["es-status", "1.2", "demo 1.2 marked good"],
    ],
  );

  await es(0, "stop", "demo");
  await refused("not-ready", /^a: demo:demo_0 is STOPPED$/, "--ready");
  await es(0, "start", "demo");
  const generation = readFileSync(join(path, ".essay/generation"), "utf8");
  writeFileSync(join(path, ".essay/generation"), "99\n");
  await refused("not-ready", /^a has changed since its processes were started$/, "--ready");
  writeFileSync(join(path, ".essay/generation"), generation);
  writeFileSync(join(path, ".essay/changing"), "es-pip\n");
  await refused("half-done", /^a is half-done: es-pip was cut short$/, "--ready");

  for (const [args, message] of [
    [["--ready"], /--ready needs the name of a virtualenv/],
    [["a", "--ready", "--end-strays"], /--end-strays and --ready do not go together/],
    [["a", "--other-than", "a"], /is the same virtualenv/],
    [["a", "--not-bad", "1.0"], /takes no virtualenv/],
    [["--mark-bad", "1.0", "--mark-good", "1.0"], /do not go together/],
    [["--mark-bad", "latest"], /latest is no version/],
    [["--why", "x"], /--why is the reason of/],
  ] as const)
    assert.match((await expectStatus(2, "es-status", args, { input: record })).stderr, message);
});

test("nothing there, and what is no virtualenv", async (t) => {
  const directory = scratch(t);
  const { stdout: input } = await expectStatus(0, "es-hosts", [
    "@local",
    "--prefix",
    join(directory, "none"),
  ]);
  const empty = recordOf(await expectStatus(0, "es-status", [], { input }));
  assert.deepEqual([empty.venvs, empty.history], [[], []]);
  assert.equal(existsSync(join(directory, "none")), false);
  assert.equal(recordOf(await expectStatus(1, "es-status", ["a"], { input })).error.code, "no-venv");
  await expectStatus(2, "es-status", ["--end-strays"], { input });
  await expectStatus(2, "es-status", ["../a"], { input });
});

/** What passes for a virtualenv, readable for everybody, and the way to start programs from it. */
function place(t: TestContext, at = scratch(t)) {
  const venv = join(at, "srv/a");
  mkdirSync(join(venv, "bin"), { recursive: true });
  chmodSync(at, 0o755);
  symlinkSync("/usr/bin/python3", join(venv, "bin/python"));
  writeFileSync(join(venv, "pyvenv.cfg"), "");
  /** Ends with its stdin, which nobody writes to, or with the test. */
  const start = async (program: string, name: string, script: string, account: string[] = []) => {
    const file = join(venv, "bin", name);
    copyFileSync(program, file);
    const [command = file, ...args] = [...account, file, "-c", script];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    t.after(() => child.kill("SIGKILL"));
    await once(child.stdout, "data");
    return child;
  };
  const input = JSON.stringify({ host: "@local", transport: "local", prefix: join(at, "srv") });
  return { at, venv, start, input };
}

// biome-ignore lint/suspicious/noExplicitAny: records of every kind
const straysOf = (record: any): { pid: number; user: string; command: string }[] => record.venvs[0].strays;
const waits = "echo; read _";

for (const shell of shells)
  test(`${shell}: names of processes that would be lines, fields or colours`, async (t) => {
    const { start, input, venv } = place(t);
    const env = { PATH: pathOf(shell) };
    // The kernel's name of it looks like the end of a line of /proc/PID/stat of an ended process.
    const odd = await start(
      "/bin/dash",
      "x) Z 1 (\u001b[31m",
      `${waits} # a\tb\nstray a 1 2 root evil\u0007`,
    );
    const ran = await expectStatus(0, "es-status", [], { input, env });
    const [only, ...none] = straysOf(recordOf(ran));
    assert.deepEqual([only?.pid, only?.user, none], [odd.pid, "root", []]);
    assert.equal(
      only?.command,
      `${venv}/bin/x) Z 1 (\u001b[31m -c echo; read _ # a b stray a 1 2 root evil\u0007`,
    );
    const ended = await expectStatus(0, "es-status", ["a", "--end-strays"], { input, env });
    assert.deepEqual(straysOf(recordOf(ended)), []);
    assert.equal(identity(odd.pid as number), undefined);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
    assert.doesNotMatch(ran.stderr + ended.stderr, /[\u0007\u001b]/);
  });

test("a thousand processes of a virtualenv", async (t) => {
  const { start, input } = place(t);
  // They wait for the end of one pipe, so that they end together.
  const many = "exec 3<&0; i=0; while [ $i -lt 1000 ]; do read _ <&3 & i=$((i + 1)); done; echo; wait";
  const child = await start("/bin/dash", "many", many);
  const ran = await expectStatus(0, "es-status", [], { input });
  assert.equal(straysOf(recordOf(ran)).length, 1001);
  assert.match(ran.stderr, /strays: (\d+ ){10}and 991 more/);
  child.stdin.end();
  await once(child, "exit");
});

test("where /proc shows an account its own processes only", async (t) => {
  const { start, input, venv } = place(t);
  const games = ["setpriv", "--reuid=games", "--regid=games", "--clear-groups"];
  const own = await start("/bin/dash", "own", waits, games);
  const other = await start("/bin/dash", "other", waits);
  const look = async (more: object) => {
    const command = `mount -t proc -o hidepid=2 proc /proc && exec ${process.execPath} ${join(bins, "es-status")}`;
    const record = JSON.stringify({ ...JSON.parse(input), ...more });
    return recordOf(await expectStatus(0, "unshare", ["-m", "sh", "-c", command], { input: record }));
  };
  const seenByRoot = straysOf(await look({})).map(({ pid }) => pid);
  assert.deepEqual(new Set(seenByRoot), new Set([own.pid, other.pid]));
  const seen = await look({ become: "games" });
  assert.deepEqual(
    straysOf(seen).map(({ pid, user }) => [pid, user]),
    [[own.pid, "games"]],
  );
  assert.deepEqual([seen.venvs[0].path, seen.system.load.length], [venv, 3]);
});

describe("on a host by ssh", () => {
  const started = labFor({ hosts: 1, become: true });

  test("what only the account itself sees of its processes is seen by becoming it", async (t) => {
    const { app, sshConfig } = started.lab;
    assert.ok(app);
    const { start, at } = place(t);
    const account = ["setpriv", `--reuid=${app.uid}`, `--regid=${app.uid}`, "--clear-groups"];
    // By its words it is no process of the virtualenv: its program tells, which others may not read.
    const child = await start("/bin/dash", "renamed", waits, [
      ...account,
      "bash",
      "-c",
      'exec -a x "$0" "$@"',
    ]);
    const env = { ESSAY_SSH_CONFIG: sshConfig };
    const status = async (flags: string) =>
      recordOf(
        await run(`es-hosts --prefix ${at}/srv ${flags} ${started.host(0).entry} | es-status`, { env }),
      );
    const pids = async (flags: string) => straysOf(await status(flags)).map(({ pid }) => pid);
    assert.deepEqual(await pids(`--become ${app.name}`), [child.pid]);
    assert.deepEqual(await pids(""), []);
  });
});
