import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { program, type Ran, recordsOf, scratch } from "../lab/program.js";
import { web } from "../lab/web.js";

// untilOurs writes to this process's own stdout, so it is tested as `es-version next -- COMMAND`.

/** Runs a script of sh so, with the number of its run as $run; `seen` are the records that it was given. */
async function next(t: TestContext, script: string, ...more: string[]): Promise<Ran & { seen: Seen[] }> {
  const index = await web(t, (_, response) => response.writeHead(404).end());
  const cwd = scratch(t);
  const counting = `cat >>seen; run=$(wc -l <seen)\n${script}`;
  const args = ["next", "--project", "essay_demo", "--date", "2026-11-21", "--index", index, ...more];
  const ran = await program("es-version", [...args, "--", "sh", "-c", counting], { cwd });
  const seen = existsSync(join(cwd, "seen")) ? recordsOf(readFileSync(join(cwd, "seen"), "utf8")) : [];
  return { ...ran, seen };
}
interface Seen {
  version: string;
}

/** What a step would write. */
const failed = (code: string) =>
  `{"project":"essay_demo","error":{"step":"es-upload","code":"${code}","message":"m"}}`;
const uploaded = (project: string, outcome: string) =>
  `{"project":"essay_demo","uploaded":[{"filename":"${project}-1.tar.gz","url":"u","outcome":"${outcome}"}]}`;

test("the command has the record, and its output and its status come out as they are", async (t) => {
  const same = await next(t, "tail -n 1 seen", "--name", "x");
  assert.equal(same.status, 0, same.report);
  assert.deepEqual(recordsOf(same.stdout), same.seen);
  assert.equal(same.seen[0]?.version, "6.11.21.1+x");
  const text = await next(t, "printf 'no record'; exit 7");
  assert.deepEqual([text.status, text.stdout, text.seen.length], [7, "no record\n", 1], text.report);
  const nothing = await next(t, ":");
  assert.deepEqual([nothing.status, nothing.stdout, nothing.stderr], [0, "", ""], nothing.report);
});

test("a number that was taken meanwhile is given up for another one", async (t) => {
  const script = `if [ $run = 1 ]; then echo '${failed("already-exists")}'; exit 1; fi
    if [ $run = 2 ]; then echo '${uploaded("essay-demo", "present")}'; exit 0; fi
    if [ $run = 3 ]; then echo '${failed("file-changed")}'; exit 1; fi
    echo '${uploaded("essay-demo", "uploaded")}'`;
  const ran = await next(t, script);
  assert.equal(ran.status, 0, ran.report);
  assert.equal(ran.stdout, `${uploaded("essay-demo", "uploaded")}\n`);
  assert.equal(new Set(ran.seen.map(({ version }) => version)).size, 4, ran.report);
  assert.equal(ran.seen[0]?.version, "6.11.21.1");
  assert.match(
    ran.stderr,
    /essay_demo 6\.11\.21\.1 was taken by another builder meanwhile\n.*again with essay_demo 6\.11\.21\.\d \(attempt 2 of 5\)\n/,
  );
});

test("the sdist says whose the number is, wherever it stands", async (t) => {
  const files = (wheel: string, sdist: string) =>
    `{"uploaded":[{"filename":"essay_demo-1-py3-none-any.whl","url":"u","outcome":"${wheel}"},{"filename":"essay_demo-1.tar.gz","url":"u","outcome":"${sdist}"}]}`;
  const taken = `if [ $run = 1 ]; then echo '${files("uploaded", "present")}'; exit 0; fi`;
  const ran = await next(t, `${taken}\necho '${files("present", "uploaded")}'`);
  assert.deepEqual([ran.status, ran.seen.length], [0, 2], ran.report);
  assert.equal(ran.stdout, `${files("present", "uploaded")}\n`);
});

test("five attempts are all, and what came too late is no success", async (t) => {
  for (const said of [failed("already-exists"), uploaded("essay_demo", "present")]) {
    const ran = await next(t, `echo '${said}'`);
    assert.equal(ran.status, 1, ran.report);
    assert.equal(new Set(ran.seen.map(({ version }) => version)).size, 5, ran.report);
    assert.equal(recordsOf(ran.stdout)[0].error.code, "already-exists", ran.report);
  }
});

test("other failures, and other projects' files that were there, are no reason for another attempt", async (t) => {
  const refused = await next(t, `echo '${failed("auth-failed")}'; exit 1`);
  assert.deepEqual([refused.status, refused.seen.length], [1, 1], refused.report);
  const lenient = await next(t, `echo '${failed("auth-failed")}'`);
  assert.deepEqual([lenient.status, lenient.seen.length], [1, 1], lenient.report);
  for (const code of ["dependency-differs", "hash-mismatch"]) {
    const built = await next(t, `echo '${failed(code)}'; exit 1`);
    assert.deepEqual([built.status, built.seen.length], [1, 1], built.report);
  }
  const other = await next(t, `echo '${uploaded("essay_demo_webpy", "present")}'`);
  assert.deepEqual([other.status, other.seen.length], [0, 1], other.report);
});

test("a command that cannot be started", async (t) => {
  const index = await web(t, (_, response) => response.writeHead(404).end());
  const args = ["next", "--project", "x", "--index", index, "--", "/no/such"];
  const ran = await program("es-version", args, { cwd: scratch(t) });
  assert.equal(ran.status, 1, ran.report);
  assert.match(ran.stderr, /no-command: cannot run \/no\/such/);
});

test("a signal ends the command, and there is no other attempt", async (t) => {
  const script = `trap 'echo "$said"; exit 1' TERM; kill -TERM $PPID; while :; do sleep 0.05; done`;
  const ran = await next(t, `said='${failed("already-exists")}'; ${script}`);
  assert.equal(ran.signal, "SIGTERM", ran.report);
  assert.equal(ran.seen.length, 1, ran.report);
});
