import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packageVersion } from "../../lib/cli.js";
import { expectStatus, fileOf, program, underWay } from "../lab/program.js";

const shown = async (...args: string[]) => JSON.parse((await expectStatus(0, "es-show", args)).stdout);

test("--help and --version answer on stdout, and nothing else happens", async () => {
  const help = await expectStatus(0, "es-show", ["--help", "--fail", "usage"]);
  assert.match(help.stdout, /^es-show: show the command line\nusage: es-show \[WORD...\]/);
  assert.match(help.stdout, /^ {7}es-show again$/m);
  assert.match(help.stdout, /^ {6}--max-fail N\|P% +\S/m);
  assert.match(help.stdout, /\nSee man es-show.\n$/);
  assert.equal(help.stderr, "");
  const version = await expectStatus(0, "es-show", ["-V"]);
  assert.equal(version.stdout, `es-show (essay) ${packageVersion()}\n`);
});

test("what the common flags say is in the context", async () => {
  const usual = await shown();
  assert.deepEqual(usual.context, {
    name: "es-show",
    argv: [],
    jobs: 30,
    keepOrder: false,
    timeout: 300_000,
    maxFail: { count: 0 },
    partial: false,
    allowEmpty: false,
    dryRun: false,
    verbose: false,
    json: false,
  });
  const said = await shown(
    ..."-j 5 -k --timeout 1.5 --max-fail 10% --partial --allow-empty --dry-run --json".split(" "),
    ..."--config a.toml --env b".split(" "),
  );
  assert.equal(said.context.jobs, 5);
  assert.equal(said.context.keepOrder, true);
  assert.equal(said.context.timeout, 1500);
  assert.deepEqual(said.context.maxFail, { percent: 10 });
  assert.equal(said.context.configFile, "a.toml");
  assert.equal(said.context.configEnv, "b");
});

test("a secret that is given to a command of ours is in no trace, and in no process list", async () => {
  const { context } = await shown("--", "sh", "-c", "es-run --setenv PW=secret");
  assert.deepEqual(context.argv, ["--", "sh", "-c", "es-run --setenv PW=***"]);
  const { context: typed, title } = await shown("--", "es-run", "--setenv", "PW=secret");
  assert.deepEqual(typed.argv, ["--", "es-run", "--setenv", "PW=***"]);
  assert.equal(title, "es-show");
});

test("operands and the command after -- arrive as they are", async () => {
  const { args, rest, flags } = await shown("3.10", "true", "--no-deps", "-", "--", "--no-deps", "");
  assert.deepEqual(args, ["3.10", "true", "-"]);
  assert.deepEqual(rest, ["--no-deps", ""]);
  assert.equal(flags["no-deps"], true);
});

const wrong: [args: string[], message: RegExp][] = [
  [["a", "b", "c", "d"], /unexpected operand d/],
  [[""], /an operand is empty/],
  [["--jobz", "3"], /unknown flag --jobz; did you mean --jobs\?/],
  [["--jobs", "0"], /--jobs takes a whole number from 1 to 10000, not 0/],
  [["--max-fail", "101%"], /--max-fail takes a whole number from 0 to 100, not 101/],
  [["--max-fail", "some"], /--max-fail takes a whole number/],
  [["--timeout=-1"], /--timeout takes seconds, from 0.001 to 2000000, not -1/],
  [["--timeout=0.0001"], /--timeout takes seconds, .*, not 0.0001/],
  [["--timeout=3000000"], /--timeout takes seconds, .*, not 3000000/],
  [["--index", ""], /--index needs a value: URL/],
  [["--fail", "usage", "\x1b[0m"], /wrong \\x1b\[31m \\x1b\[0m/],
  [["--fail", "configuration"], /no index.url/],
];
for (const [args, message] of wrong)
  test(`status 2 for ${JSON.stringify(args)}`, async () => {
    const { stdout, stderr } = await expectStatus(2, "es-show", args);
    assert.equal(stdout, "");
    assert.match(stderr, /^es-show: /);
    assert.match(stderr, message);
  });

test("a missing operand and an unwanted command are wrong usage", async () => {
  assert.match((await expectStatus(2, "es-make", [])).stderr, /an operand is missing\n.*usage: es-make N/);
  assert.match((await expectStatus(2, "es-pass", ["--", "x"])).stderr, /takes no command after --/);
});

test("a failure is one line and the end of its stderr; a fault tells where", async () => {
  const failed = await expectStatus(1, "es-show", ["--fail", "failure"]);
  assert.equal(failed.stderr, "es-show: broken: it broke\nthe\\x07 reason\nof https://it/\n");
  const fault = await expectStatus(1, "es-show", ["--fail", "fault"]);
  assert.match(fault.stderr, /^es-show: internal: a fault\n.*TypeError.*\n(.*\n)*.*es-show\.js/);
});

test("work that waits for what never comes is no success", async () => {
  const { stderr } = await expectStatus(1, "es-show", ["--fail", "stuck"]);
  assert.equal(stderr, "es-show: internal: nothing goes on any more, and the work is not done\n");
});

test("what the program returns is its exit status", async () => {
  await expectStatus(7, "es-show", ["status", "7"]);
});

test("-q silences what is said and not what is warned; -v shows what hosts write", async () => {
  const said = "said \\x1b[2J of https://it/";
  assert.equal((await expectStatus(0, "es-show", [])).stderr, `${said}\nes-show: warned\n`);
  assert.equal((await expectStatus(0, "es-show", ["-q"])).stderr, "es-show: warned\n");
  assert.match(
    (await expectStatus(0, "es-show", ["-v"])).stderr,
    /^a\\x07label\| one\na\\x07label\| two\\x1b\[0m$/m,
  );
});

test("a password on the command line is wiped, and in no message", async (t) => {
  const args = ["--wait", "--index", "https://me:geheim@pypi.example/simple/"];
  const { child, seen, closed } = underWay(t, "es-show", args);
  await once(child.stdout, "data");
  assert.doesNotMatch(readFileSync(`/proc/${child.pid}/cmdline`, "latin1"), /geheim/);
  child.kill("SIGINT");
  await closed;
  assert.match(
    seen.stderr,
    /^es-show: a password on a command line can be read by others; name the index in essay.toml/,
  );
  assert.doesNotMatch(seen.stderr, /geheim/);
  const { context } = JSON.parse(seen.stdout.split("\n")[1] ?? "");
  assert.deepEqual(context.argv, ["--wait", "--index", "https://pypi.example/simple/"]);

  const unknown = await program("es-show", ["--inex=https://me:geheim@pypi.example/"]);
  assert.doesNotMatch(unknown.stdout + unknown.stderr, /geheim/);
});

test("a reader of stderr that has gone stops nothing", async () => {
  const child = spawn(process.execPath, [fileOf("es-show") ?? ""], { stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.destroy();
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  const [status] = await once(child, "close");
  assert.equal(status, 0);
  assert.match(stdout, /^\{"args"/);
});
