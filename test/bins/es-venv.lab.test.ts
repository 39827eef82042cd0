import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { startIndex } from "../lab/index.js";
import { lock } from "../lab/lock.js";
import { identity, processesThatHave, until } from "../lab/processes.js";
import { bins, expectStatus, program, type RunOptions, recordsOf, scratch } from "../lab/program.js";
import { otherShells, pathOf } from "../lab/shells.js";
import { atTerminal, withoutTerminal } from "../lab/terminal.js";
import { tiny } from "../lab/tiny.js";
import { siteOf } from "../lab/venv.js";

const here = `${JSON.stringify({ host: "@local", transport: "local" })}\n`;

/** A private home directory; virtualenvs go into its folder "srv". */
function home(t: TestContext): string {
  return realpathSync(scratch(t));
}

/** Runs es-venv on this machine, with the private home. */
async function run(home: string, status: number, args: string[], options: RunOptions = {}) {
  const ran = await expectStatus(status, "es-venv", ["--prefix", join(home, "srv"), ...args], {
    input: here,
    cwd: home,
    ...options,
    env: { HOME: home, ...options.env },
  });
  const [record] = recordsOf(ran.stdout);
  return { ...ran, record, entry: record?.trace?.at(-1) };
}

/** Asserts that a virtualenv is sound by using it as its user would. */
function assertSound(venv: string): void {
  const prefix = execFileSync(join(venv, "bin/python"), ["-c", "import sys; print(sys.prefix)"], {
    encoding: "utf8",
  });
  assert.equal(realpathSync(prefix.trim()), realpathSync(venv));
  const pip = execFileSync(join(venv, "bin/pip"), ["--version"], { encoding: "utf8" });
  assert.ok(pip.includes(venv), pip);
  assert.equal(existsSync(join(venv, ".essay/changing")), false);
}

const generation = (venv: string) => Number(readFileSync(join(venv, ".essay/generation"), "utf8"));

test("a virtualenv is made, and is left alone after that", async (t) => {
  const at = home(t);
  const venv = join(at, "srv/a");
  const made = await run(at, 0, ["a"]);
  assert.deepEqual(made.record.venv, { name: "a", path: venv });
  assert.match(made.record.python, /^3\.\d+\.\d+$/);
  assert.equal(made.entry.changed, true);
  assert.match(made.stderr, /virtualenv a made, directory a\/logs made/);
  assertSound(venv);
  for (const directory of ["logs", "etc", "tmp"]) assert.ok(statSync(join(venv, directory)).isDirectory());
  const before = [statSync(join(venv, "pyvenv.cfg")).mtimeMs, generation(venv)];
  const again = await run(at, 0, ["a"]);
  assert.equal(again.entry.changed, false);
  assert.match(again.stderr, /a is sound \(Python 3/);
  assert.deepEqual(again.record.venv, made.record.venv);
  assert.deepEqual([statSync(join(venv, "pyvenv.cfg")).mtimeMs, generation(venv)], before);
});

test("a virtualenv to which things happen", async (t) => {
  const at = home(t);
  const venv = join(at, "srv/a");
  await run(at, 0, ["a"]);

  await t.test("a missing directory alone is made", async () => {
    rmSync(join(venv, "tmp"), { recursive: true });
    const again = await run(at, 0, ["a"]);
    assert.equal(again.entry.changed, true);
    assert.match(again.stderr, / {2}es-venv {2}directory a\/tmp made \(Python/);
  });

  await t.test(
    "pip in it is a whole distribution: it lists, upgrades and removes itself as it should",
    async () => {
      const listed = execFileSync(join(venv, "bin/pip"), ["list", "--format=freeze"], { encoding: "utf8" });
      assert.match(listed, /^pip==/m);
      execFileSync(join(venv, "bin/pip"), ["uninstall", "--yes", "pip"], { encoding: "utf8", stdio: "pipe" });
      assert.ok(!existsSync(join(venv, "bin/pip")));
      const mended = await run(at, 0, ["a"]);
      assert.match(mended.stderr, /virtualenv a mended/);
      assertSound(venv);
    },
  );

  await t.test("what was cut short is mended", async () => {
    const before = generation(venv);
    writeFileSync(join(venv, ".essay/changing"), "es-venv\n");
    rmSync(join(venv, "lib"), { recursive: true });
    const mended = await run(at, 0, ["a"]);
    assert.match(mended.stderr, /virtualenv a mended/);
    assertSound(venv);
    assert.equal(generation(venv), before + 1);
  });

  await t.test("a mark of another step stays", async () => {
    writeFileSync(join(venv, ".essay/changing"), "es-pip\nes-venv\n");
    await run(at, 0, ["a"]);
    assert.equal(readFileSync(join(venv, ".essay/changing"), "utf8"), "es-pip\n");
    rmSync(join(venv, ".essay/changing"));
  });

  await t.test("what is mended keeps its interpreter, whatever PATH says by now", async () => {
    writeFileSync(join(venv, ".essay/changing"), "es-venv\n");
    const mended = await run(at, 0, ["a"], { env: { PATH: pathOf("busybox") } });
    assert.equal(mended.entry.changed, true);
    assertSound(venv);
  });

  await t.test("an interpreter that vanished is replaced, and what was installed stays", async () => {
    writeFileSync(join(venv, "logs/keep"), "");
    const site = join(siteOf(venv), "kept.py");
    writeFileSync(site, "");
    for (const name of readdirSync(join(venv, "bin")).filter((name) => /^python/.test(name)))
      unlinkSync(join(venv, "bin", name));
    symlinkSync("/no/such/python3", join(venv, "bin/python3"));
    symlinkSync("python3", join(venv, "bin/python"));
    const mended = await run(at, 0, ["a"]);
    assert.match(mended.stderr, /virtualenv a mended/);
    assertSound(venv);
    assert.ok(existsSync(join(venv, "logs/keep")));
    assert.ok(existsSync(site));
  });
});

test("the directories of deploy.dirs; one outside is a mistake", async (t) => {
  const at = home(t);
  writeFileSync(join(at, "essay.toml"), 'deploy.dirs = ["log", "etc/conf.d"]\n');
  await run(at, 0, ["a"]);
  assert.ok(existsSync(join(at, "srv/a/etc/conf.d")));
  assert.ok(!existsSync(join(at, "srv/a/logs")));
  writeFileSync(join(at, "essay.toml"), 'deploy.dirs = ["../outside"]\n');
  assert.match(
    (await run(at, 2, ["a"])).stderr,
    /deploy\.dirs: "\.\.\/outside" must be below the virtualenv/,
  );
});

test("a dry run says what would be done and does nothing", async (t) => {
  const at = home(t);
  const planned = await run(at, 0, ["a", "--dry-run"]);
  assert.equal(planned.entry.changed, true);
  assert.match(planned.stderr, /dry run: virtualenv a made, directory a\/logs made/);
  assert.deepEqual(planned.record.venv, { name: "a", path: join(at, "srv/a") });
  assert.deepEqual(readdirSync(at), []);
  const input = `${JSON.stringify({ host: "@local", transport: "local", plan: true })}\n`;
  await run(at, 0, ["a"], { input });
  assert.deepEqual(readdirSync(at), []);
});

test("the prefix: ~, the project, the record, the flag", async (t) => {
  const at = home(t);
  const made = async (fields: object, ...args: string[]) => {
    const ran = await expectStatus(0, "es-venv", ["a", "--dry-run", ...args], {
      input: `${JSON.stringify({ host: "@local", transport: "local", ...fields })}\n`,
      cwd: at,
      env: { HOME: at },
    });
    return recordsOf(ran.stdout)[0].venv.path;
  };
  assert.equal(await made({ project: "essay_demo" }), join(at, "essay_demo/a"));
  assert.equal(await made({ project: "essay_demo", prefix: "~/x" }), join(at, "x/a"));
  assert.equal(await made({ prefix: "~" }), join(at, "a"));
  assert.equal(await made({ prefix: "/srv/" }), "/srv/a");
  assert.equal(await made({ prefix: "~/x" }, "--prefix", "/flag"), "/flag/a");
});

test("a prefix that nobody says, or that a record says wrongly, is that record's failure", async (t) => {
  const at = home(t);
  const input = [{}, { prefix: "../x" }, { project: "../x" }]
    .map((fields) => `${JSON.stringify({ host: "@local", transport: "local", ...fields })}\n`)
    .join("");
  const ran = await expectStatus(1, "es-venv", ["a", "-k"], { input, cwd: at, env: { HOME: at } });
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ error }) => error.code),
    ["not-configured", "bad-argument", "bad-argument"],
  );
  assert.match(
    recordsOf(ran.stdout)[0].error.message,
    /--prefix, the field prefix of the record, ESSAY_PREFIX/,
  );
});

for (const name of ["$(touch owned)", "a; touch owned", "../a", "a/b", ".", "-a b", "a\n"])
  test(`${JSON.stringify(name)} names no virtualenv, and touches nothing`, async (t) => {
    const at = home(t);
    const args = name.startsWith("-") ? [`--prefix=${at}`, name] : ["--prefix", at, name];
    const ran = await expectStatus(2, "es-venv", args, { input: here, cwd: at, env: { HOME: at } });
    assert.equal(ran.stdout, "");
    assert.deepEqual(readdirSync(at), []);
  });

test("a prefix with .. is a mistake, and so is no name", async (t) => {
  const at = home(t);
  const options = { input: here, cwd: at };
  const ran = await expectStatus(2, "es-venv", ["--prefix", "/srv/../etc", "a"], options);
  assert.match(
    ran.stderr,
    /the prefix "\/srv\/\.\.\/etc" must begin with \/ or ~\/ and have no \.\. in it, nor/,
  );
  await expectStatus(2, "es-venv", ["--prefix", at], options);
  assert.deepEqual(readdirSync(at), []);
});

test("a path with spaces and single quotes", async (t) => {
  const at = join(home(t), "a b'c  d");
  mkdirSync(at);
  await run(at, 0, ["a"]);
  assertSound(join(at, "srv/a"));
  assert.equal((await run(at, 0, ["a"])).entry.changed, false);
});

test("a path longer than the kernel takes for an interpreter", async (t) => {
  const at = join(home(t), "x".repeat(200));
  mkdirSync(at);
  await run(at, 0, ["a"]);
  assertSound(join(at, "srv/a"));
  assert.equal((await run(at, 0, ["a"])).entry.changed, false);
});

test("a prefix that is a symbolic link", async (t) => {
  const at = home(t);
  mkdirSync(join(at, "real"));
  symlinkSync("real", join(at, "srv"));
  await run(at, 0, ["a"]);
  assertSound(join(at, "srv/a"));
  assert.equal((await run(at, 0, ["a"])).entry.changed, false);
});

test("an interpreter that is not the one asked for is replaced", async (t) => {
  const at = home(t);
  const venv = join(at, "srv/a");
  const [one, other] = [join(at, "one"), join(at, "other")];
  // Two installations of Python, as far as anybody can tell.
  for (const [place, version] of [
    [one, "3.10.1"],
    [other, "3.11.1"],
  ] as const) {
    writeFileSync(
      place,
      `#!/bin/sh\ncase "$*" in *base_prefix*) printf '%s\\n' ${version} ${place}; exit ;; esac\nexec python3 "$@"\n`,
    );
    chmodSync(place, 0o755);
  }
  const failed = await run(at, 1, ["a", "--python", one]);
  // It was made by the real one, which is not what was asked for; that is no success.
  assert.equal(failed.record.error.code, "venv-failed");
  assert.equal((await run(at, 0, ["a", "--python", "python3"])).entry.changed, true);
  assert.equal((await run(at, 0, ["a", "--python", "python3"])).entry.changed, false);
  assert.equal((await run(at, 0, ["a"])).entry.changed, false);
  assertSound(venv);
  assert.ok(readlinkSync(join(venv, "bin/python")));
});

test("interpreters that will not do", async (t) => {
  const at = home(t);
  const python = (text: string) => {
    writeFileSync(join(at, "python"), `#!/bin/sh\n${text}\n`);
    chmodSync(join(at, "python"), 0o755);
    return join(at, "python");
  };
  const error = async (name: string) => (await run(at, 1, ["a", "--python", name])).record.error;
  assert.deepEqual(await error("/no/such"), {
    step: "es-venv",
    code: "python-not-found",
    message: "there is no interpreter /no/such",
  });
  assert.equal((await error(python("exit 1"))).code, "python-broken");
  const old = await error(python("printf '%s\\n' 3.7.16 /usr"));
  assert.equal(old.code, "python-too-old");
  assert.match(old.message, /is Python 3\.7\.16; 3\.8 or later is needed$/);
  assert.equal((await error("$(touch owned)")).code, "python-not-found");
  assert.deepEqual(readdirSync(at), ["python"]);
});

test("no Python at all", async (t) => {
  const at = home(t);
  const { record } = await run(at, 1, ["a"], { env: { PATH: pathOf("busybox") } });
  assert.equal(record.error.code, "python-not-found");
  assert.match(record.error.message, /^no python3 in PATH \(.*\); install Python 3\.8 or later, or name one/);
});

test("Python modules in the working directory and of the environment do not count", async (t) => {
  const at = home(t);
  for (const name of ["pip.py", "json.py", "zipfile.py", "sysconfig.py", "re.py"])
    writeFileSync(join(at, name), "raise SystemExit('not this one')\n");
  await run(at, 0, ["a"], { env: { PYTHONPATH: at, PYTHONHOME: "/no/such" } });
  assertSound(join(at, "srv/a"));
});

for (const kind of ["moved", "copied"])
  test(`the programs of a virtualenv that was ${kind} start its own interpreter again`, async (t) => {
    const at = home(t);
    const [a, b] = [join(at, "srv/a"), join(at, "srv/new b")];
    await run(at, 0, ["a"]);
    writeFileSync(join(a, "bin/hello"), `#!${a}/bin/python\nimport sys\nprint(sys.prefix)\n`, {
      mode: 0o755,
    });
    writeFileSync(join(a, "bin/other"), "#!/usr/bin/env python3\n", { mode: 0o755 });
    const long = `#!/bin/sh\n'''exec' "${a}/bin/python" "$0" "$@"\n' '''\nimport sys\nprint(sys.prefix)\n`;
    writeFileSync(join(a, "bin/long"), long, { mode: 0o755 });
    if (kind === "moved") renameSync(a, b);
    else execFileSync("cp", ["-a", a, b]);
    renameSync(b, join(at, "srv/b"));
    const mended = await run(at, 0, ["b"]);
    assert.match(mended.stderr, /virtualenv b mended/);
    assertSound(join(at, "srv/b"));
    for (const name of ["hello", "long"])
      assert.equal(
        execFileSync(join(at, "srv/b/bin", name), { encoding: "utf8" }).trim(),
        join(at, "srv/b"),
        name,
      );
    assert.equal(readFileSync(join(at, "srv/b/bin/other"), "utf8"), "#!/usr/bin/env python3\n");
    assert.equal((await run(at, 0, ["b"])).entry.changed, false);
    if (kind === "copied") assertSound(a);
  });

test("what is no virtualenv is left alone", async (t) => {
  const at = home(t);
  mkdirSync(join(at, "srv/foreign"), { recursive: true });
  writeFileSync(join(at, "srv/foreign/file"), "");
  writeFileSync(join(at, "srv/file"), "");
  mkdirSync(join(at, "srv/empty"));
  const foreign = (await run(at, 1, ["foreign"])).record.error;
  assert.deepEqual(
    [foreign.code, foreign.message],
    [
      "venv-failed",
      `${at}/srv/foreign is a directory with other things in it; give another name or move it away`,
    ],
  );
  assert.deepEqual(readdirSync(join(at, "srv/foreign")), ["file"]);
  const file = (await run(at, 1, ["file"])).record.error;
  assert.match(file.message, /srv\/file is there and is no directory$/);
  await run(at, 0, ["empty"]);
  assertSound(join(at, "srv/empty"));
});

test("where nothing can be written, the reason is told", async (t) => {
  const at = home(t);
  writeFileSync(join(at, "srv"), "");
  const { error } = (await run(at, 1, ["a"])).record;
  assert.equal(error.code, "permission-denied");
  assert.match(error.message, /^cannot make the directory .*\/srv\/\.essay: Not a directory$/);
});

test("a path of its own; what is relative could lead out of the prefix", async (t) => {
  const at = home(t);
  const made = async (status: number, ...args: string[]) =>
    expectStatus(status, "es-venv", [...args, "--dry-run"], { input: here, cwd: at, env: { HOME: at } });
  for (const [path, place] of [
    [`${at}/other/b/`, `${at}/other/b`],
    ["~/other/b", `${at}/other/b`],
    ["/b", "/b"],
  ])
    assert.deepEqual(recordsOf((await made(0, path ?? "")).stdout)[0].venv, { name: "b", path: place });
  assert.match((await made(2, "other/b")).stderr, /"other\/b" cannot name a virtualenv/);
  assert.match((await made(2, "/srv/../b")).stderr, /must begin with \/ or ~\/ and have no \.\. in it/);
  assert.match((await made(2, "/x/b", "--prefix", at)).stderr, /\/x\/b is a path of its own/);
});

/** A process of a virtualenv that goes on until the test ends. */
async function occupy(t: TestContext, command: string, args: string[], cwd: string): Promise<number> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  await once(child.stdout, "data");
  return child.pid as number;
}

const waiting = "import time; print(flush=True); time.sleep(1000)";

test("made anew from nothing, save its directories; never below running processes", async (t) => {
  const at = home(t);
  const venv = join(at, "srv/a");
  await run(at, 0, ["a"]);
  writeFileSync(join(venv, "logs/kept"), "");
  for (const name of ["lib/gone", ".gone"]) writeFileSync(join(venv, name), "");
  const planned = await run(at, 0, ["a", "--recreate", "--dry-run"]);
  assert.match(planned.stderr, /dry run: virtualenv a recreated \(Python/);
  assert.ok(existsSync(join(venv, ".gone")));
  const made = await run(at, 0, ["a", "--recreate"]);
  assert.match(made.stderr, / {2}virtualenv a recreated \(Python/);
  assertSound(venv);
  assert.deepEqual(readdirSync(join(venv, "logs")), ["kept"]);
  for (const name of ["lib/gone", ".gone"]) assert.ok(!existsSync(join(venv, name)), name);
  assert.equal(generation(venv), 2);
  const pid = await occupy(t, "srv/a/bin/python", ["-c", waiting], at);
  for (const args of [["--recreate"], ["--recreate", "--dry-run"], ["--remove", "--yes"]]) {
    const { error } = (await run(at, 1, ["a", ...args])).record;
    assert.equal(error.code, "in-use");
    assert.match(
      error.message,
      new RegExp(`^processes run from ${venv}: ${pid} \\(python\\d*[\\d.]*\\); stop`),
    );
  }
  assertSound(venv);
  // One that was started while this waited for the lock.
  process.kill(pid);
  await until("its end", () => identity(pid) === undefined);
  const file = join(at, "srv/.essay/a.deploy");
  const release = await lock(file);
  t.after(release);
  const holders = processesThatHave(file).length;
  const waits = run(at, 1, ["a", "--recreate", "--wait", "60"]);
  await until("the script at the lock", () => processesThatHave(file).length > holders);
  const late = await occupy(t, "srv/a/bin/python", ["-c", waiting], at);
  await release();
  const { error } = (await waits).record;
  assert.deepEqual([error.code, error.message.includes(`${late} (python`)], ["in-use", true]);
  assertSound(venv);
});

test("removed, after a question, and never what is no virtualenv, is served, or is in use", async (t) => {
  const at = home(t);
  const venv = join(at, "srv/a");
  await run(at, 0, ["a"]);
  const remove = `es-venv --prefix ${join(at, "srv")} a --remove`;
  writeFileSync(join(at, "in"), here);
  const options = { cwd: at, env: { HOME: at } };
  const nobody = await withoutTerminal(`${remove} <in`, options);
  assert.equal(nobody.status, 2, nobody.report);
  assert.match(nobody.stderr, /--remove asks, and there is no terminal: say --yes/);
  const question = "remove the virtualenv a of every host that comes? (yes or no) ";
  const no = await atTerminal(`${remove} <in`, [[question, "no\n"]], options);
  assert.match(no.stdout, /nothing was removed/);
  assert.match((await run(at, 0, ["a", "--remove", "--dry-run"])).stderr, /dry run: virtualenv a removed/);
  const live = `${JSON.stringify({ host: "@local", transport: "local", live: "a" })}\n`;
  assert.equal((await run(at, 1, ["a", "--remove", "--yes"], { input: live })).record.error.code, "live");
  const inside = await occupy(t, "sh", ["-c", "echo; exec sleep 1000"], join(venv, "logs"));
  assert.match(
    (await run(at, 1, ["a", "--remove", "--yes"])).record.error.message,
    new RegExp(`: ${inside} \\(sleep\\); stop them before`),
  );
  process.kill(inside);
  assertSound(venv);
  // As cut short in the middle.
  rmSync(join(venv, "pyvenv.cfg"));
  const record = { venv: { name: "a", path: venv }, python: "3.11.2", installed: { x: "1" } };
  const input = `${JSON.stringify({ host: "@local", transport: "local", ...record })}\n`;
  const [yes] = [await atTerminal(`${remove} --json <in`, [[question, "yes\n"]], options)];
  assert.match(yes.stdout, /virtualenv a removed/);
  assert.deepEqual(readdirSync(join(at, "srv")), [".essay"]);
  const again = await run(at, 0, ["a", "--remove", "--yes"], { input });
  assert.match(again.stderr, /there is no virtualenv a/);
  assert.deepEqual(
    [again.entry.changed, again.record.venv, again.record.python, again.record.installed],
    [false, undefined, undefined, undefined],
  );
  mkdirSync(join(at, "srv/foreign"));
  writeFileSync(join(at, "srv/foreign/file"), "");
  const foreign = (await run(at, 1, ["foreign", "--remove", "--yes"])).record.error;
  assert.equal(foreign.message, `${at}/srv/foreign is no virtualenv: it is not removed`);
  // Nor what a link leads to, nor is anything made there.
  mkdirSync(join(at, "elsewhere/bin"), { recursive: true });
  writeFileSync(join(at, "elsewhere/pyvenv.cfg"), "");
  symlinkSync("../elsewhere", join(at, "srv/link"));
  for (const args of [["--remove", "--yes"], ["--recreate"], []]) {
    const { error } = (await run(at, 1, ["link", ...args])).record;
    assert.match(error.message, /srv\/link is a symbolic link: name \.\.\/elsewhere itself/);
    assert.deepEqual(readdirSync(join(at, "elsewhere")), ["bin", "pyvenv.cfg"]);
  }
});

test("flags that do not go together", async (t) => {
  const at = home(t);
  assert.match(
    (await run(at, 2, ["a", "--remove", "--live"])).stderr,
    /--remove goes with none of --recreate, --live/,
  );
  assert.match((await run(at, 2, ["a", "--yes"])).stderr, /--yes is for --remove/);
  assert.match(
    (await run(at, 2, ["a", "--index", "nosuch"])).stderr,
    /nosuch is neither the URL of an index/,
  );
});

/** A PATH of a host that has no pip: a Python that knows of no wheel, and no virtualenv. */
function withoutPip(at: string): string {
  mkdirSync(join(at, "bin"));
  const script =
    '#!/bin/sh\ncase "$*" in *WHEEL_PKG_DIR*) echo -; exit ;; esac\nexec /usr/bin/python3 "$@"\n';
  writeFileSync(join(at, "bin/python3"), script, { mode: 0o755 });
  return `${pathOf("busybox")}:${join(at, "bin")}`;
}

test("a host without ensurepip, virtualenv and a wheel of pip gets this machine's", async (t) => {
  const at = home(t);
  const env = { PATH: withoutPip(at) };
  const planned = await run(at, 0, ["a", "--dry-run"], { env });
  assert.match(planned.stderr, /dry run: virtualenv a made/);
  assert.equal((await run(at, 0, ["a"], { env })).entry.changed, true);
  assertSound(join(at, "srv/a"));
  assert.equal((await run(at, 0, ["a"], { env })).entry.changed, false);
});

/** es-venv on a machine of which neither Python nor Debian has a wheel of pip. */
function bare(at: string, args: string[], env: NodeJS.ProcessEnv) {
  const hidden = 'mount -t tmpfs none /usr/share/python-wheels && exec "$@"';
  const command = [process.execPath, join(bins, "es-venv"), "--prefix", join(at, "srv"), ...args];
  return program("/usr/bin/unshare", ["--mount", "/bin/sh", "-c", hidden, "sh", ...command], {
    input: here,
    cwd: at,
    env: { HOME: at, ...env },
  });
}

test("where this machine has no pip to send, the newest one of the index that will do is sent", async (t) => {
  const at = home(t);
  const env = { PATH: withoutPip(at) };
  const none = await bare(at, ["a"], env);
  const { error } = recordsOf(none.stdout)[0];
  assert.equal(error.code, "no-pip", none.report);
  assert.match(
    error.message,
    /^the host has no pip .* and no index is configured; install python3-venv on the host/,
  );
  assert.ok(!existsSync(join(at, "srv")));
  const index = await startIndex();
  t.after(() => index.stop());
  tiny(index.directory, "99.0", "pip", "", ["Requires-Python: >=3.99"]);
  const made = await bare(at, ["a"], { ...env, ESSAY_INDEX: index.url });
  assert.equal(made.status, 0, made.report);
  assertSound(join(at, "srv/a"));
  const empty = await bare(at, ["b"], { ...env, ESSAY_INDEX: "http://127.0.0.1:1/simple/" });
  assert.match(
    recordsOf(empty.stdout)[0].error.message,
    /has one for it, and cannot reach http:\/\/127\.0\.0\.1:1\/.*nothing listens/,
  );
});

test("while another run changes it, it is locked", async (t) => {
  const at = home(t);
  mkdirSync(join(at, "srv/.essay"), { recursive: true });
  const file = join(at, "srv/.essay/a.lock");
  writeFileSync(file, "somebody since then\n");
  const release = await lock(file);
  t.after(release);
  const { error } = (await run(at, 1, ["a"])).record;
  assert.deepEqual(
    [error.code, error.message],
    ["locked", `${at}/srv/a is being changed by another run: somebody since then`],
  );
  assert.ok(!existsSync(join(at, "srv/a")));
  await release();
  await run(at, 0, ["a"]);
});

test("by the program virtualenv, where it is asked for", async (t) => {
  const at = home(t);
  const made = await run(at, 0, ["a", "--virtualenv", "/usr/bin/virtualenv", "--python", "/usr/bin/python3"]);
  assert.equal(made.entry.changed, true);
  assert.match(readFileSync(join(at, "srv/a/pyvenv.cfg"), "utf8"), /^virtualenv = /m);
  assertSound(join(at, "srv/a"));
  assert.equal((await run(at, 0, ["a"])).entry.changed, false);
  const missing = (await run(at, 1, ["b", "--virtualenv", "/no/such"])).record.error;
  assert.deepEqual(
    [missing.code, missing.message],
    ["venv-failed", `/no/such made no virtualenv ${at}/srv/b`],
  );
  assert.equal((await run(at, 0, ["b"])).entry.changed, true);
});

describe("under each shell", () => {
  for (const shell of otherShells)
    test(shell, async (t) => {
      const at = home(t);
      // busybox has no Python.
      mkdirSync(join(at, "python"));
      symlinkSync("/usr/bin/python3", join(at, "python/python3"));
      const env = { PATH: `${pathOf(shell)}:${join(at, "python")}` };
      assert.equal((await run(at, 0, ["a"], { env })).entry.changed, true);
      assertSound(join(at, "srv/a"));
      assert.equal((await run(at, 0, ["a"], { env })).entry.changed, false);
      renameSync(join(at, "srv/a"), join(at, "srv/b"));
      assert.equal((await run(at, 0, ["b"], { env })).entry.changed, true);
      writeFileSync(join(at, "srv/b/.essay/changing"), "es-venv\n");
      assert.equal((await run(at, 0, ["b"], { env })).entry.changed, true);
      assertSound(join(at, "srv/b"));
    });
});

test("the same host twice in one stream: one after the other", async (t) => {
  const at = home(t);
  const ran = await expectStatus(0, "es-venv", ["--prefix", join(at, "srv"), "a"], {
    input: here + here,
    env: { HOME: at },
  });
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ trace }) => trace[0].changed),
    [true, false],
  );
});

for (const [step, args] of [
  ["es-venv", ["a"]],
  ["es-pip", ["supervisor==4.2.5", "--index", "http://127.0.0.1:9/"]],
] as const)
  test(`${step} does not touch the virtualenv that nginx serves`, async () => {
    const record = {
      host: "@local",
      transport: "local",
      prefix: "/nowhere",
      live: "a",
      venv: { name: "a", path: "/nowhere/a" },
    };
    const ran = await expectStatus(1, step, [...args], { input: JSON.stringify(record) });
    assert.equal(recordsOf(ran.stdout)[0].error.code, "live", ran.report);
    const other = await expectStatus(1, step, [...args, "--live", "--dry-run"], {
      input: JSON.stringify({ ...record, transport: "ssh", host: "127.0.0.1", port: 9 }),
    });
    assert.notEqual(recordsOf(other.stdout)[0].error.code, "live", other.report);
  });
