import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { historyIn } from "../lab/history.js";
import { processesWith, until } from "../lab/processes.js";
import { bins, expectStatus, type RunOptions, recordsOf, scratch, shell, underWay } from "../lab/program.js";
import { labFor } from "../lab/reach.js";
import { pathOf, shells } from "../lab/shells.js";
import { recordOf } from "../lab/supervised.js";

/** Where python3 is the system's, not one that has to be chosen first. */
const system = "/usr/sbin:/usr/bin:/sbin:/bin";

/** This machine with what passes for a virtualenv, and es-conf on it in a directory of its own. */
function desk(t: TestContext) {
  const at = scratch(t);
  const venv = join(at, "srv/a");
  for (const name of ["bin", "etc"]) mkdirSync(join(venv, name), { recursive: true });
  symlinkSync("/usr/bin/python3", join(venv, "bin/python"));
  const record = { host: "@local", transport: "local", venv: { name: "a", path: venv } };
  const line = (more: object = {}) => `${JSON.stringify({ ...record, ...more })}\n`;
  const conf = async (
    status: number,
    args: string[],
    { input = line(), env, ...options }: RunOptions = {},
  ) => {
    const all = { input, cwd: at, env: { HOME: at, PATH: system, ...env }, ...options };
    const ran = await expectStatus(status, "es-conf", args, all);
    const [made] = recordsOf(ran.stdout);
    return { ...ran, record: made, error: made?.error, changed: made?.trace?.at(-1).changed };
  };
  const write = (name: string, text: string | Buffer) => writeFileSync(join(at, name), text);
  const read = (name: string) => readFileSync(join(at, name), "utf8");
  const mode = (name: string) => (statSync(join(at, name)).mode & 0o7777).toString(8);
  const generation = () =>
    existsSync(join(venv, ".essay/generation")) ? Number(read("srv/a/.essay/generation")) : 0;
  return { at, venv, record, line, conf, write, read, mode, generation };
}

for (const shell of shells)
  test(`${shell}: put once, left alone after that, changed when the template does`, async (t) => {
    const { at, conf, write, read, mode, generation } = desk(t);
    const env = { PATH: pathOf(shell) };
    write("a.tpl", "host={{host}}\n");
    write("b", Buffer.from([0, 255, 0]));
    const first = await conf(0, ["a.tpl:etc/a b'c.ini", `a.tpl:${at}/x.ini`], { env });
    assert.equal(first.changed, true);
    assert.equal(read("srv/a/etc/a b'c.ini"), "host=@local\n");
    assert.equal(read("x.ini"), "host=@local\n");
    assert.equal(mode("x.ini"), "644");
    const deeds = () =>
      historyIn(join(at, "srv/.essay/history.jsonl")).map(({ step, changes, outcome }) => [
        step,
        changes,
        outcome,
      ]);
    const deed = ["es-conf", ["etc/a b'c.ini written", `${at}/x.ini written`], "done"];
    assert.deepEqual(deeds(), [deed]);
    const before = statSync(join(at, "x.ini"));
    const again = await conf(0, ["a.tpl:etc/a b'c.ini", `a.tpl:~/x.ini`], { env });
    assert.equal(again.changed, false);
    assert.match(again.stderr, /etc\/a b'c\.ini, ~\/x\.ini are as they should be/);
    assert.equal(statSync(join(at, "x.ini")).ino, before.ino);
    assert.equal(generation(), 1);
    assert.deepEqual(deeds(), [deed]);
    write("a.tpl", "new={{host}}\n");
    const changed = await conf(0, ["a.tpl:etc/a b'c.ini"], { env });
    assert.match(changed.stderr, /etc\/a b'c\.ini changed/);
    assert.equal(generation(), 2);
    await conf(0, ["--raw", `b:${at}/b2`], { env });
    assert.deepEqual(readFileSync(join(at, "b2")), Buffer.from([0, 255, 0]));
    assert.deepEqual(readdirSync(join(at, "srv/a/etc")), ["a b'c.ini"]);
    assert.deepEqual(readdirSync(join(at, "srv/a/.essay")), ["generation"]);
  });

test("mode and owner are part of what should be; the owner stays where none is named", async (t) => {
  const { at, conf, write, mode } = desk(t);
  write("a", "x\n");
  await conf(0, [`a:${at}/x`, "--mode", "0640", "--owner", "games"]);
  const made = statSync(join(at, "x"));
  assert.deepEqual([mode("x"), made.uid, made.gid], ["640", 5, 60]);
  assert.equal((await conf(0, [`a:${at}/x`, "--mode", "640", "--owner", "games:60"])).changed, false);
  const given = await conf(0, [`a:${at}/x`, "--mode", "640", "--owner", "games:0"]);
  assert.match(given.stderr, /given to games:0/);
  await conf(0, [`a:${at}/x`]);
  assert.deepEqual([mode("x"), statSync(join(at, "x")).uid], ["644", 5]);
  assert.equal((await conf(1, [`a:${at}/x`, "--owner", "nobody-there"])).error.code, "no-account");
  assert.ok(!existsSync(join(at, "x.orig")));
});

test("the first foreign file is kept, whatever comes later", async (t) => {
  const { at, conf, write, read, mode } = desk(t);
  for (const text of ["one", "two", "three"]) {
    write("a", text);
    if (text === "one") write("x", "foreign");
    if (text === "one") chmodSync(join(at, "x"), 0o600);
    if (text === "three") write("x", "edited");
    const { stderr } = await conf(0, [`a:${at}/x`]);
    assert.equal(/changed, the one before kept as .*x\.orig/.test(stderr), text === "one");
    assert.deepEqual([read("x"), read("x.orig"), mode("x.orig")], [text, "foreign", "600"]);
  }
});

/** A directory that comes before the system's in PATH, with a python3 that is the system's after this. */
function pythonAfter(at: string, name: string, shell: string, python = ""): string {
  const directory = join(at, name);
  mkdirSync(directory);
  const program = python && ` -I -c '${python}exec(compile(sys.stdin.read(), "-", "exec"))'`;
  // Of the arguments the first two are -I and -.
  const script = `#!/bin/sh\n${shell}\n${program && "shift 2"}\nexec /usr/bin/python3${program} "$@"\n`;
  writeFileSync(join(directory, "python3"), script, { mode: 0o755 });
  return `${directory}:${system}`;
}

test("where the file system has no links, a copy of the foreign file is kept", async (t) => {
  const { at, conf, write, read, mode } = desk(t);
  const without = `import errno, os, sys
def link(*_, **__): raise OSError(errno.EPERM, "no links here")
os.link = link
`;
  const PATH = pythonAfter(at, "no-links", "", without);
  write("x", "foreign");
  write("a", "one");
  chownSync(join(at, "x"), 5, 60);
  chmodSync(join(at, "x"), 0o640);
  const { stderr } = await conf(0, [`a:${at}/x`], { env: { PATH } });
  assert.match(stderr, /x changed, the one before kept as .*x\.orig/);
  const kept = statSync(join(at, "x.orig"));
  assert.deepEqual([read("x"), read("x.orig"), mode("x.orig"), kept.uid], ["one", "foreign", "640", 5]);
  write("a", "two");
  await conf(0, [`a:${at}/x`], { env: { PATH } });
  assert.deepEqual([read("x"), read("x.orig")], ["two", "foreign"]);
  assert.deepEqual(
    readdirSync(at).filter((name) => /essay-/.test(name)),
    [],
  );
});

test("hundreds of files where a process may have few open; too many change nothing", async (t) => {
  const { at, conf, write } = desk(t);
  write("a", "x\n");
  mkdirSync(join(at, "d"));
  const operands = Array.from({ length: 300 }, (_, n) => `a:${at}/d/${n}`);
  const few = pythonAfter(at, "few", "ulimit -n 200");
  const { error } = await conf(1, operands, { env: { PATH: few } });
  assert.equal(error.code, "bad-argument");
  assert.match(error.message, /put fewer of them at once/);
  assert.deepEqual(readdirSync(join(at, "d")), []);
  const soft = pythonAfter(at, "soft", "ulimit -S -n 200");
  await conf(0, operands, { env: { PATH: soft } });
  assert.equal(readdirSync(join(at, "d")).length, 300);
});

test("a secret is in the file, which is private, and nowhere else", async (t) => {
  const { at, venv, line, write, read, mode, conf } = desk(t);
  const secret = "Tr0ub4dor&3";
  const old = "former-Secret";
  write("a", "user={{vars.user}}\npassword={{env.PW}}\n{{#on}}b{{/on}}{{^on}}c{{/on}}\n");
  const args = ["a:etc/x", "--from-env", "PW", "--diff", "-v"];
  const input = line({ vars: { user: "u" }, on: true });
  const texts: string[] = [];
  const run = async (env: NodeJS.ProcessEnv, more: string[] = [], records = input) => {
    const { stdout, stderr } = await conf(0, [...args, ...more], { input: records, env });
    texts.push(stdout, stderr);
    return stderr;
  };
  assert.match(await run({ PW: old }, ["--dry-run"]), /^@local\| \+password=\*\*\*$/m);
  await run({ PW: old });
  assert.deepEqual([read("srv/a/etc/x"), mode("srv/a/etc/x")], [`user=u\npassword=${old}\nb\n`, "600"]);
  assert.match(await run({ PW: secret }), /user=u\n@local\| -\*\*\*\n@local\| \+password=\*\*\*\n/);
  // The template has no secret any more; what goes had one.
  write("a", "user={{vars.user}}\n");
  assert.match(await run({ PW: secret }), /-\*\*\*/);
  write("a", "password={{env.PW}}");
  const failed = await conf(1, ["a:etc/x"], { input, env: { PW: secret } });
  assert.match(failed.error.message, /a:1: env\.PW has no value/);
  texts.push(failed.stdout, failed.stderr);
  for (const text of ["{{#env}}{{PW}}{{/env}}", "{{env}}"]) {
    write("a", text);
    const { stdout, stderr, error } = await conf(1, args, { input, env: { PW: secret } });
    assert.equal(error.code, "template-failed");
    texts.push(stdout, stderr);
  }
  await conf(2, args, { input });
  // While it is at work, nothing shows it.
  write("a", "password={{env.PW}}\n");
  rmSync(join(venv, "bin/python"));
  writeFileSync(
    join(venv, "bin/python"),
    `#!/bin/sh\n: >${at}/began\nwhile [ ! -e ${at}/seen ]; do sleep 0.1; done\nexec /usr/bin/python3 "$@"\n`,
    { mode: 0o755 },
  );
  const env = { ...process.env, HOME: at, PW: secret, PATH: pathOf("busybox") };
  const { child, seen, closed } = underWay(t, "es-conf", args, env, at);
  child.stdin.end(input);
  await until("the script", () => existsSync(join(at, "began")));
  assert.deepEqual(processesWith(secret), []);
  writeFileSync(join(at, "seen"), "");
  assert.deepEqual(await closed, [0, null]);
  assert.equal(read("srv/a/etc/x"), `password=${secret}\n`);
  for (const text of [...texts, seen.stdout, seen.stderr])
    for (const word of [secret, old]) assert.ok(!text.includes(word), text);
});

test("--diff shows no more than is anybody's, and not too much", async (t) => {
  const { at, conf, write } = desk(t);
  write("x", "1\nsecret\n3\n");
  chmodSync(join(at, "x"), 0o640);
  write("a", "1\n2\n3\n");
  const args = [`a:${at}/x`, "--diff", "--dry-run"];
  assert.match((await conf(0, args)).stderr, / 1\n@local\| -\*\*\*\n@local\| \+2\n/);
  chmodSync(join(at, "x"), 0o644);
  assert.match((await conf(0, args)).stderr, / 1\n@local\| -secret\n@local\| \+2\n/);
  assert.doesNotMatch((await conf(0, [...args, "--raw", "--mode", "600"])).stderr, /\+2/);
  write("a", "1\0");
  assert.match((await conf(0, [...args, "--raw"])).stderr, /x is binary, and differs/);
  write("a", "y\n".repeat(1000));
  assert.match((await conf(0, args)).stderr, /\(80\d more lines\)/);
  write("a", "y\n".repeat(200_000));
  assert.match((await conf(0, args)).stderr, /x is too large for its differences to be shown/);
  assert.equal(readFileSync(join(at, "x"), "utf8"), "1\nsecret\n3\n");
});

test("a dry run sees what steps before it would have made, and changes nothing", async (t) => {
  const { at, venv, conf, line, write } = desk(t);
  write("a", "x");
  rmSync(venv, { recursive: true });
  const input = line({ plan: true });
  const planned = await conf(0, ["a:etc/x"], { input });
  assert.deepEqual([planned.changed, readdirSync(join(at, "srv"))], [true, []]);
  assert.match(planned.stderr, /dry run: etc\/x written/);
  assert.equal((await conf(1, [`a:${at}/none/x`], { input })).error.code, "no-directory");
  assert.equal((await conf(1, ["a:etc/x"])).error.code, "no-venv");
});

test("a dry run on a half-done virtualenv says what would be", async (t) => {
  const { venv, conf, line, write } = desk(t);
  write("a", "x");
  mkdirSync(join(venv, ".essay"));
  writeFileSync(join(venv, ".essay/changing"), "es-pip\n");
  const planned = (trace: object[]) => ({ input: line({ plan: true, trace }) });
  assert.equal((await conf(1, ["a:etc/x"], planned([]))).error.code, "half-done");
  const mends = { step: "es-pip", args: [], at: "2026-01-01T00:00:00Z", ms: 1, changed: true, plan: true };
  assert.match((await conf(0, ["a:etc/x"], planned([mends]))).stderr, /dry run: etc\/x written/);
  // Our own work that was cut short is completed, and processes are started anew after that.
  writeFileSync(join(venv, ".essay/changing"), "es-conf\n");
  writeFileSync(join(venv, "etc/x"), "x");
  const completed = await conf(0, ["a:etc/x"], planned([]));
  assert.deepEqual([completed.changed, existsSync(join(venv, ".essay/changing"))], [true, true]);
  assert.match(completed.stderr, /dry run: what was cut short completed/);
});

test("two names of one file on the host are refused", async (t) => {
  const { at, conf, write } = desk(t);
  write("a", "x");
  const { error } = await conf(1, [`a:${at}/x`, "a:~/x"]);
  assert.equal(error.code, "bad-argument");
  assert.match(error.message, /^\/.*\/x and ~\/x are one file/);
  assert.ok(!existsSync(join(at, "x")));
});

test("a template may come from a pipe, which can be read once; a file that goes as it is may not", async (t) => {
  const { at, line, conf, read } = desk(t);
  const piped = await shell(`es-conf <(printf 'host={{host}}'):${at}/x`, {
    cwd: at,
    env: { HOME: at, PATH: system },
    input: line(),
  });
  assert.equal(piped.status, 0, piped.report);
  assert.equal(read("x"), "host=@local");
  await expectStatus(0, "mkfifo", [join(at, "pipe")]);
  assert.match((await conf(2, ["--raw", `pipe:${at}/y`])).stderr, /pipe is no file\n/);
  assert.ok(!existsSync(join(at, "y")));
});

test("what cannot be written is told, and nothing is changed or left", async (t) => {
  const { at, venv, conf, write, mode, generation } = desk(t);
  const big = "x".repeat(300_000);
  write("a", big);
  write("small", "new");
  write("other", "old");
  mkdirSync(join(at, "dir/full"), { recursive: true });
  symlinkSync(join(at, "other"), join(at, "link"));
  mkdirSync(join(at, "foreign"));
  mkdirSync(join(at, "foreign/real"));
  symlinkSync("real", join(at, "foreign/link"));
  symlinkSync("dir", join(at, "own"));
  await expectStatus(0, "mkfifo", [join(at, "pipe")]);
  await expectStatus(0, "mknod", [join(at, "null"), "c", "1", "3"]);
  const cases: [to: string, code: string, message: RegExp][] = [
    [`${at}/none/x`, "no-directory", /there is no directory for .*none\/x/],
    ["logs/x", "no-directory", /logs\/x/],
    [`${at}/dir`, "in-the-way", /is a directory/],
    [`${at}/pipe`, "in-the-way", /pipe is no file/],
    [`${at}/null`, "in-the-way", /null is no file/],
    [`${at}/other/x`, "in-the-way", /Not a directory/],
    [`${at}/link`, "in-the-way", /is a symbolic link: name .*\/other itself/],
    [`${at}/foreign/link/x`, "unsafe-link", /is a symbolic link of another account/],
    [`${at}/${"n".repeat(255)}`, "bad-argument", /is too long/],
  ];
  const before = lstatSync(join(at, "foreign/link"));
  chownSync(join(at, "foreign"), 5, 60);
  await expectStatus(0, "chown", ["-h", "games", join(at, "foreign/link")]);
  assert.ok(before.isSymbolicLink());
  for (const [to, code, message] of cases) {
    // The other file is well, and yet it is not put either.
    const { error } = await conf(1, [`small:${at}/other`, `small:${to}`]);
    assert.equal(error.code, code, to);
    assert.match(error.message, message);
  }
  /** With a file system of its own on dir/full. */
  const mounted = async (options: string, command: string, place: string, status = 1) => {
    const script = `mount -t tmpfs -o ${options} none ${place} && ${command}; s=$?; ls -A ${place} >&2; exit $s`;
    const input = JSON.stringify({ host: "@local", transport: "local" });
    const env = { HOME: at, PATH: system };
    const ran = await expectStatus(status, "unshare", ["-m", "sh", "-c", script], { input, cwd: at, env });
    assert.doesNotMatch(ran.stderr, /essay-new|^essay\./m);
    return recordOf(ran);
  };
  const place = join(at, "dir/full");
  const es = `${process.execPath} ${join(bins, "es-conf")}`;
  // What was sent is kept for a moment.
  assert.equal(
    (await mounted("size=64k", `TMPDIR=${place} ${es} a:${at}/big`, place)).error.code,
    "disk-full",
  );
  // Where it is there already nothing is sent, however small the room for it.
  const bare = JSON.stringify({ host: "@local", transport: "local" });
  await conf(0, [`a:${at}/big`, `small:${at}/little`], { input: bare });
  const same = await mounted("size=64k", `TMPDIR=${place} ${es} a:${at}/big small:${at}/little`, place, 0);
  assert.equal(same.trace.at(-1).changed, false);
  write("small", "newer");
  const one = await mounted(
    "size=64k",
    `TMPDIR=${place} ${es} --diff --mode 600 a:${at}/big small:${at}/little`,
    place,
    0,
  );
  assert.deepEqual([mode("big"), readFileSync(join(at, "big"), "utf8").length], ["600", big.length]);
  assert.equal(one.trace.at(-1).changed, true);
  write("small", "new");
  assert.equal(readFileSync(join(at, "other"), "utf8"), "old");
  assert.deepEqual([generation(), readdirSync(venv).includes(".essay/changing")], [0, false]);
  assert.deepEqual(
    readdirSync(at).filter((name) => name.startsWith(".") && name !== ".essay"),
    [],
  );
  // A link of one's own is followed.
  await conf(0, [`small:${at}/own/x`]);
  assert.equal(readFileSync(join(at, "dir/x"), "utf8"), "new");
});

test("an account without a home has no ~", async (t) => {
  const { at, conf, write } = desk(t);
  write("a", "x\n");
  write("id", "#!/bin/sh\necho nobody-has-this-name\n");
  chmodSync(join(at, "id"), 0o755);
  const { error } = await conf(1, ["a:~/x"], { env: { HOME: undefined, PATH: `${at}:${system}` } });
  assert.deepEqual([error.code, /^~\/x needs a home directory/.test(error.message)], ["no-home", true]);
});

test("what a killed run left is mended: its mark, and the file beside", async (t) => {
  const { venv, conf, write, generation } = desk(t);
  write("a", "x");
  await conf(0, ["a:etc/x"]);
  writeFileSync(join(venv, ".essay/changing"), "es-conf\n");
  const again = await conf(0, ["a:etc/x"]);
  assert.equal(again.changed, true);
  assert.match(again.stderr, /what was cut short completed/);
  assert.ok(!existsSync(join(venv, ".essay/changing")));
  assert.equal(generation(), 2);
  write("a", "y");
  writeFileSync(join(venv, "etc/.x.essay-new"), "half");
  await conf(0, ["a:etc/x"]);
  assert.deepEqual(readdirSync(join(venv, "etc")), ["x"]);
  writeFileSync(join(venv, ".essay/changing"), "es-pip\n");
  assert.equal((await conf(1, ["a:etc/x"])).error.code, "half-done");
});

test("the live virtualenv is refused; a record without one needs an absolute place", async (t) => {
  const { at, conf, line, write } = desk(t);
  write("a", "x");
  const input = line({ live: "a" });
  assert.equal((await conf(1, ["a:etc/x"], { input })).error.code, "live");
  await conf(0, ["a:etc/x", "--live"], { input });
  const bare = `${JSON.stringify({ host: "@local", transport: "local" })}\n`;
  const { error } = await conf(1, ["a:etc/x"], { input: bare });
  assert.equal(error.code, "no-venv");
  await conf(0, ["a:~/x"], { input: bare });
  const [deed] = historyIn(join(at, ".essay/history.jsonl"));
  assert.deepEqual([deed.step, deed.changes, deed.outcome], ["es-conf", ["~/x written"], "done"]);
});

test("deploy.conf: what it says is put, from where it stands", async (t) => {
  const { at, conf, write, read, mode } = desk(t);
  await conf(2, []);
  mkdirSync(join(at, "conf"));
  write("conf/a", "{{env.PW}}{{project}}");
  write("conf/b", "{{");
  write(
    "essay.toml",
    `project = "demo"
[[deploy.conf]]
from = "conf/a"
to = "etc/a"
mode = "0640"
env = ["PW"]
[[deploy.conf]]
from = "conf/b"
to = "etc/b"
raw = true
`,
  );
  mkdirSync(join(at, "sub"));
  await conf(0, [], { cwd: join(at, "sub"), env: { PW: "pw " } });
  assert.deepEqual([read("srv/a/etc/a"), mode("srv/a/etc/a"), read("srv/a/etc/b")], ["pw demo", "640", "{{"]);
});

test("wrong usage is said before anything is read", async (t) => {
  const { conf, write } = desk(t);
  write("a", "x");
  const wrong = [
    ["a"],
    ["a:../x"],
    ["none:x"],
    ["a:x", "a:./x"],
    ["a:x", "--mode", "9"],
    ["a:x", "--owner", "a b"],
    ["--raw"],
  ];
  for (const args of wrong) assert.equal((await conf(2, args)).stdout, "", args.join(" "));
});

describe("on hosts by ssh", () => {
  const started = labFor({ hosts: 3, become: true });

  test("each host has its own values, under another account, too", async (t) => {
    const { lab } = started;
    const at = scratch(t);
    writeFileSync(join(at, "a"), "{{host}} {{vars.n}}\n");
    const env = { ESSAY_SSH_CONFIG: lab.sshConfig };
    const run = (flags: string) =>
      shell(`es-hosts --set n=1 ${flags} ${lab.inventory.join(" ")} | es-conf a:~/x.conf`, { cwd: at, env });
    assert.equal((await run("")).status, 0);
    for (const { home, address } of lab.hosts)
      assert.equal(readFileSync(join(home, "x.conf"), "utf8"), `${address} 1\n`);
    assert.ok(recordsOf((await run("")).stdout).every(({ trace }) => trace.at(-1).changed === false));
    const app = lab.app;
    const first = lab.hosts[0];
    assert.ok(app && first);
    const other = `es-hosts --become ${app.name} --set n=2 ${first.entry}`;
    const become = await shell(`${other} | es-conf a:~/y`, { cwd: at, env });
    assert.equal(statSync(join(app.home, "y")).uid, app.uid, become.report);
    const denied = await shell(`${other} | es-conf a:${first.home}/y`, { cwd: at, env });
    assert.equal(recordOf(denied).error.code, "permission-denied", denied.report);
  });
});
