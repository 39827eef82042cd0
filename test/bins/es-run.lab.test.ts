import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { historyIn } from "../lab/history.js";
import { lock } from "../lab/lock.js";
import { identity, processesOf, processesWith, until } from "../lab/processes.js";
import { expectStatus, type RunOptions, recordsOf, scratch, shell, underWay } from "../lab/program.js";
import { labFor } from "../lab/reach.js";
import { recordOf } from "../lab/supervised.js";

/** This machine with what passes for a virtualenv, as a line. */
function here(t: TestContext, more: object = {}) {
  const at = scratch(t);
  const path = join(at, "a");
  mkdirSync(join(path, "bin"), { recursive: true });
  symlinkSync("/usr/bin/python3", join(path, "bin/python"));
  const record = { host: "@local", transport: "local", venv: { name: "a", path }, ...more };
  return { at, path, record, line: `${JSON.stringify(record)}\n` };
}

/** What the history has of a virtualenv's directory. */
const deeds = (path: string) =>
  historyIn(join(path, "../.essay/history.jsonl")).map(({ step, changes, outcome, code }) => [
    step,
    changes,
    outcome,
    code,
  ]);

const run = (status: number, input: string, args: string[], options: RunOptions = {}) =>
  expectStatus(status, "es-run", args, { input, ...options });

test("output, exit status and change go into the record; with --looks nothing has changed", async (t) => {
  const { line, path } = here(t, { version: "1.0", profile: "test" });
  const text = 'echo $ESSAY_VERSION $ESSAY_PROFILE $ESSAY_VENV "$ESSAY_HOST"; echo to stderr >&2';
  const ran = await run(0, line, ["--", "sh", "-c", text]);
  const record = recordOf(ran);
  assert.deepEqual(record.ran, { args: ["sh", "-c", text], exit: 0, stdout: "1.0 test a @local\n" });
  assert.equal(record.trace.at(-1).changed, true);
  assert.match(ran.stderr, /@local {2}es-run {2}echo .*: 1\.0 test a @local {2}/);
  assert.ok(existsSync(join(path, "../.essay/a.lock")));
  assert.ok(!existsSync(join(path, ".essay")));
  const looked = recordOf(await run(0, line, ["--looks", "--", "pwd"]));
  assert.equal(looked.trace, undefined);
  assert.match((await run(0, line, ["-v", "--looks", "--", "sh", "-c", text])).stderr, /@local\| to stderr/);
  assert.deepEqual(deeds(path), [["es-run", [`${text} run`], "done", undefined]]);
});

test("a command that fails fails the record, which still has its output", async (t) => {
  const { line, path } = here(t);
  const failed = await run(1, line, ["--", "sh", "-c", "echo out; echo why >&2; exit 3"]);
  const { ran, error, trace } = recordOf(failed);
  assert.match(failed.stderr, /^@local {2}es-run {2}command-failed: echo out; .* ended with status 3 {2}/);
  assert.deepEqual([ran.exit, ran.stdout], [3, "out\n"]);
  assert.deepEqual([error.code, error.exit, error.stderr], ["command-failed", 3, "why"]);
  assert.deepEqual([trace.at(-1).code, trace.at(-1).changed], ["command-failed", true]);
  const killed = recordOf(await run(1, line, ["--", "sh", "-c", "kill -TERM $$"]));
  assert.deepEqual([killed.error.signal, killed.ran.signal, killed.ran.exit], ["SIGTERM", "SIGTERM", null]);
  // What has not begun is not in the history; a password in a URL is not either.
  assert.equal(recordOf(await run(1, line, ["--", "no-such-program"])).error.code, "no-command");
  await run(0, line, ["--", "true", "http://me:hunter2@pypi.example/"]);
  assert.deepEqual(deeds(path), [
    ["es-run", ["echo out; echo why >&2; exit 3 run"], "failed", "command-failed"],
    ["es-run", ["kill -TERM $$ run"], "failed", "command-failed"],
    ["es-run", ["true http://pypi.example/ run"], "done", undefined],
  ]);
  assert.doesNotMatch(readFileSync(join(path, "../.essay/history.jsonl"), "utf8"), /hunter2/);
});

test("a dry run says what would be run and runs nothing", async (t) => {
  const { line, path, at } = here(t);
  const touch = ["--", "touch", join(path, "x")];
  const planned = await run(0, line, ["--dry-run", ...touch]);
  assert.match(planned.stderr, /dry run: touch .* run/);
  assert.equal(recordOf(planned).trace.at(-1).changed, true);
  // One that an earlier step would have made.
  rmSync(path, { recursive: true });
  await run(0, `${JSON.stringify({ ...JSON.parse(line), plan: true })}\n`, ["--once", ...touch]);
  assert.deepEqual(readdirSync(at), []);
});

test("a half-done, a live and a locked virtualenv are refused, unless it only looks", async (t) => {
  const { line, path, record } = here(t, { live: "a" });
  assert.equal(recordOf(await run(1, line, ["--", "true"])).error.code, "live");
  await run(0, line, ["--live", "--", "true"]);
  await run(0, line, ["--looks", "--", "true"]);
  mkdirSync(join(path, ".essay"));
  writeFileSync(join(path, ".essay/changing"), "es-pip\n");
  const idle = `${JSON.stringify({ ...record, live: "b" })}\n`;
  assert.equal(recordOf(await run(1, idle, ["--", "true"])).error.code, "half-done");
  await run(0, idle, ["--looks", "--", "true"]);
  rmSync(join(path, ".essay"), { recursive: true });
  t.after(await lock(join(path, "../.essay/a.lock")));
  assert.equal(recordOf(await run(1, idle, ["--", "true"])).error.code, "locked");
});

test("a secret of the environment is in no output, no record and no command line", async (t) => {
  const { line, path } = here(t);
  const secret = "Tr0ub4dor&3";
  const script = join(path, "../script");
  writeFileSync(
    script,
    `echo "pw $PW"; echo "pw $PW" >&2; : >${path}/began; while [ ! -e ${path}/seen ]; do sleep 0.1; done; exit 1\n`,
  );
  const args = ["-v", "--setenv", "PW", "--setenv", "TYPED=also-secret", "--script", script];
  const { child, seen, closed } = underWay(t, "es-run", args, { ...process.env, PW: secret });
  child.stdin.end(line);
  await until("the script", () => existsSync(join(path, "began")));
  assert.deepEqual(processesWith(secret), []);
  assert.deepEqual(processesWith("also-secret"), []);
  writeFileSync(join(path, "seen"), "");
  await closed;
  const text = seen.stdout + seen.stderr;
  assert.match(text, /"stdout":"pw \*\*\*\\n"/);
  assert.match(text, /"TYPED=\*\*\*"/);
  const log = readFileSync(join(path, "../.essay/history.jsonl"), "utf8");
  for (const each of [text, log]) assert.ok(!each.includes(secret) && !each.includes("also-secret"), each);
  assert.equal(deeds(path).length, 1);
});

test("hooks are run where they are set; otherwise records pass as they are", async (t) => {
  const { line, at } = here(t);
  const two = line + line.replace("@local", "other").replaceAll('/a"', '/b"');
  mkdirSync(join(at, "b"));
  symlinkSync("../a/bin", join(at, "b/bin"));
  const none = await run(0, two, ["--hook", "deploy.post"], { cwd: at });
  assert.equal(none.stdout, two);
  const planned = await run(0, two, ["--hook", "deploy.post", "--dry-run"], { cwd: at });
  assert.ok(recordsOf(planned.stdout).every(({ plan }) => plan === true));
  writeFileSync(
    join(at, "essay.toml"),
    `[deploy]\npre = ["echo $ESSAY_HOST >>${at}/log", { run = "echo once >>${at}/log", once = true }]\npost = "exit 5"\n`,
  );
  const records = recordsOf((await run(0, two, ["--hook", "deploy.pre"], { cwd: at })).stdout);
  const log = readFileSync(join(at, "log"), "utf8").trim().split("\n");
  assert.deepEqual(log.sort(), ["@local", "once", "other"]);
  const waited = records.find(({ ran }) => ran.once);
  assert.deepEqual(waited.ran.args, ["sh", "-c", `echo once >>${at}/log`]);
  const failed = recordsOf((await run(1, two, ["--hook", "deploy.post"], { cwd: at })).stdout);
  assert.deepEqual(
    failed.map(({ error }) => error.exit),
    [5, 5],
  );
  await run(2, two, ["--hook", "deploy.conf"], { cwd: at });
});

test("wrong usage is said before anything is read", async () => {
  const wrong = [
    [],
    ["--"],
    ["--", ""],
    ["--script", "/no/such"],
    ["--script", "/etc/hostname", "--hook", "deploy.pre"],
    ["true"],
  ];
  for (const args of [...wrong, ["--hook", "deploy.pre", "--", "true"], ["--setenv", "a-b=c", "--", "true"]])
    assert.equal((await expectStatus(2, "es-run", args)).stdout, "");
});

describe("on hosts by ssh", () => {
  const started = labFor({ hosts: 4, refusing: [0], become: true });
  const env = () => ({ ESSAY_SSH_CONFIG: started.lab.sshConfig });
  const hosts = (...places: number[]) => places.map((place) => started.host(place).entry).join(" ");

  test("once: on the first that can, for all of them; the others fail where it fails", async (t) => {
    const at = scratch(t);
    const all = `es-hosts ${hosts(0, 1, 2, 3)} | sed '2s/^{/{"error":{"step":"x","code":"y","message":"z"},/'`;
    const ran = await shell(`${all} | es-run --once --accept-new -k -- sh -c 'echo $ESSAY_HOST; id -un'`, {
      env: env(),
    });
    const records = recordsOf(ran.stdout);
    assert.deepEqual(
      records.map(({ error }) => error?.code),
      ["refused", "y", undefined, undefined],
      ran.report,
    );
    const runners = records.slice(2).filter((record) => record.ran.stdout);
    assert.equal(runners.length, 1);
    const [other] = records.slice(2).filter((record) => record.ran.once);
    assert.ok(other.ran.once.includes(runners[0].host));
    assert.equal(other.trace.at(-1).changed, false);
    const bad = await shell(`es-hosts ${hosts(1, 2, 3)} | es-run --once -- sh -c 'echo gone >&2; exit 4'`, {
      env: { ...env(), ESSAY_ROLL: at },
    });
    const codes = recordsOf(bad.stdout).map(({ error }) => error.code);
    assert.deepEqual(codes.sort(), ["command-failed", "once-failed", "once-failed"], bad.report);
    const later = await shell(`es-hosts ${hosts(1)} | es-run --once -- sh -c 'echo gone >&2; exit 4'`, {
      env: { ...env(), ESSAY_ROLL: at },
    });
    assert.equal(recordOf(later).error.code, "once-failed", later.report);
    await shell(`es-hosts ${hosts(2)} | es-run --once -- true`, { env: { ...env(), ESSAY_ROLL: at } });
    const told = await shell(`es-hosts ${hosts(1)} | es-run --once -- true`, {
      env: { ...env(), ESSAY_ROLL: at },
    });
    assert.ok(recordOf(told).ran.once.includes(started.host(2).address), told.report);
  });

  test("as the account to become, in a directory of its home", async () => {
    const { lab } = started;
    const app = lab.app?.name ?? "";
    const ran = await shell(`es-hosts --become ${app} ${hosts(1)} | es-run --cd / -- sh -c 'id -un; pwd'`, {
      env: env(),
    });
    assert.equal(recordOf(ran).ran.stdout, `${app}\n/\n`, ran.report);
  });

  test("a command that takes too long, or whose step is killed, is ended on the host", async (t) => {
    const { uid } = started.host(1);
    const slow = `es-hosts ${hosts(1)} | es-run --timeout 1 -- sh -c 'trap "" TERM; sleep 100; sleep 100'`;
    const late = await shell(slow, { env: env() });
    assert.equal(recordOf(late).error.code, "timeout", late.report);
    await until("the end of the command", () => processesOf(uid).length === 0);
    const input = (await shell(`es-hosts ${hosts(1)}`)).stdout;
    const { child } = underWay(t, "es-run", ["--", "sleep", "1234"], { ...process.env, ...env() });
    child.stdin.write(input);
    await until("the command", () => processesWith("sleep 1234").some((line) => line === "sleep 1234"));
    child.kill("SIGKILL");
    await until("the end of the command", () => processesOf(uid).length === 0);
    assert.equal(identity(child.pid as number), undefined);
    const all = historyIn(join(started.host(1).home, ".essay/history.jsonl"));
    const { changes, outcome } = all.at(-1);
    assert.deepEqual([changes, outcome], [["sleep 1234 run"], "cut-short"]);
  });
});
