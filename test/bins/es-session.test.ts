import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { identity, until } from "../lab/processes.js";
import { expectStatus, fileOf, pathWithBins, program, recordsOf, scratch, shell } from "../lab/program.js";

const clean = { ESSAY_SESSION: "" };
const session = (status: number, args: string[]) => expectStatus(status, "es-session", args, { env: clean });

test("the end of the command is the session's", async () => {
  await session(0, ["true"]);
  await session(7, ["sh", "-c", "exit 7"]);
  const none = await session(127, ["no-such-command"]);
  assert.match(none.stderr, /^es-session: cannot run no-such-command: there is no such command\n$/);
  await session(126, ["/etc/passwd"]);
  for (const name of ["TERM", "KILL"] as const) {
    const ran = await program("es-session", ["sh", "-c", `kill -${name} $$`], { env: clean });
    assert.equal(ran.signal, `SIG${name}`, ran.report);
  }
  await session(2, []);
  await session(2, ["--no-flag", "true"]);
});

test("without a directory for its socket it says so", async () => {
  const ran = await program("es-session", ["true"], { env: { ...clean, TMPDIR: "/nowhere" } });
  assert.equal(ran.status, 1, ran.report);
  assert.match(
    ran.stderr,
    /^es-session: cannot-listen: cannot make a directory for the session's socket: [^\n]*\/nowhere[^\n]*\n$/,
  );
});

test("the command has its words, its streams, and all descriptors", async () => {
  const words = ["a b", "", "--no-deps", "true", "3.10", "--", "-j"];
  const said = await session(0, ["printf", "%s|", ...words]);
  assert.equal(said.stdout, words.map((word) => `${word}|`).join(""));
  const input = "from outside\n";
  const read = await expectStatus(0, "es-session", ["sh", "-c", "cat; echo late >&2"], { input, env: clean });
  assert.deepEqual([read.stdout, read.stderr], [input, "late\n"]);
  const other = await shell("es-session sh -c 'echo through >&3' 3>&1 >/dev/null", { env: clean });
  assert.equal(other.stdout, "through\n", other.report);
});

test("a script, a makefile, its jobs; a session in a session is the same one", async (t) => {
  const cwd = scratch(t);
  const say = 'echo "$1$(basename "$(dirname "$ESSAY_SESSION")")"';
  const script = join(cwd, "script");
  writeFileSync(
    script,
    `#!/usr/bin/env -S es-session sh -e\n${say}\nes-session sh -c '${say}' sh "$1"\nfalse\necho on\n`,
  );
  chmodSync(script, 0o755);
  const ran = await shell("./script x", { cwd, env: clean });
  assert.equal(ran.status, 1, ran.report);
  assert.match(ran.stdout, /^(xessay-\d+-\w{6}\n)\1$/);
  writeFileSync(
    join(cwd, "Makefile"),
    `SHELL = es-session
.SHELLFLAGS = sh -ec
all: a b
	@$(MAKE) -s c
a b c:
	@test -S "$$ESSAY_SESSION"; echo $@
	@false; echo on
`,
  );
  const made = await shell("make -k -j2 all; make -i all", { cwd, env: clean });
  assert.deepEqual(made.stdout.match(/^[abc]$/gm)?.sort(), ["a", "a", "b", "b", "c"], made.report);
  assert.doesNotMatch(made.stdout + made.stderr, /jobserver|^on$/m, made.report);
});

test("a socket that answers no more: steps refuse it, es-session begins anew", async (t) => {
  const env = { ESSAY_SESSION: join(scratch(t), "gone") };
  const input = '{"host":"nowhere.invalid"}\n';
  const step = await expectStatus(1, "es-reach", [], { input, env });
  assert.equal(recordsOf(step.stdout)[0].error.code, "no-session", step.report);
  const anew = await expectStatus(0, "es-session", ["sh", "-c", 'test -S "$ESSAY_SESSION"'], { env });
  assert.match(anew.stderr, /where no session answers: this is a new one\n$/);
});

/** A session that runs a script of sh, which has called `say`. */
async function begun(script: string) {
  const env = { ...process.env, PATH: pathWithBins, ...clean };
  const child = spawn("es-session", ["sh", "-c", `say() { echo $$ $ESSAY_SESSION; }; ${script}`], {
    env,
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const [line] = await once(child.stdout, "data");
  const [pid = "", socket = ""] = String(line).trim().split(" ");
  return { child, closed: once(child, "close"), pid: Number(pid), directory: dirname(socket) };
}

test("signals are the command's to heed", async () => {
  const heeding = await begun("trap 'exit 5' TERM; say; while :; do sleep 0.1; done");
  heeding.child.kill("SIGTERM");
  assert.deepEqual(await heeding.closed, [5, null]);
  const dying = await begun("say; exec sleep 1000");
  dying.child.kill("SIGHUP");
  assert.deepEqual(await dying.closed, [null, "SIGHUP"]);
  assert.ok(!existsSync(dying.directory));
});

test("killed with -9 by the first thing that the command does: it ends, the socket goes", async () => {
  const { closed, pid, directory } = await begun("kill -9 $PPID; say; while :; do sleep 0.1; done");
  await closed;
  await until("the end of the command", () => identity(pid) === undefined);
  await until("the end of the socket", () => !existsSync(directory));
});

test("the steps wait for locks as long as the session says, beyond their time", async () => {
  const step = `echo '{"host":"@local","transport":"local"}' | node ${fileOf("es-reach")} --timeout 100`;
  const ran = await session(0, ["--wait", "60", "sh", "-c", `${step}; ${step} --wait 5`]);
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ waits, seconds }) => [waits, seconds]),
    [
      [60, 160],
      [5, 105],
    ],
  );
  await session(2, ["--wait", "no", "true"]);
});

test("the configuration that is named counts inside", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "it.toml"), '[env.one.ssh]\nconfig = "there"\n');
  const show = ["sh", "-c", 'echo "$ESSAY_CONFIG $ESSAY_ENV"'];
  const args = ["--config", "it.toml", "--env", "one", ...show];
  const ran = await expectStatus(0, "es-session", args, { cwd, env: clean });
  assert.equal(ran.stdout, `${join(cwd, "it.toml")} one\n`);
});
