import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bins, expectStatus, type Ran, recordsOf, scratch } from "../lab/program.js";
import { type Files, project, Repository, repository } from "../lab/repository.js";

const released = "2026-11-21T08:00:00Z";
const input = `${JSON.stringify({ project: "essay_demo", version: "6.11.21.1", released })}\n`;
const filename = "essay_demo-6.11.21.1.tar.gz";

interface Packed {
  ran: Ran;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
  record: any;
  out: string;
  path: string;
}

/** Packs a repository; the status must be 0 unless told. */
async function pack(
  t: TestContext,
  repo: string,
  args: readonly string[] = ["--branch", "master"],
  { status = 0, text = input, env = {} as NodeJS.ProcessEnv } = {},
): Promise<Packed> {
  const out = join(scratch(t), "out");
  const all = ["--repo", repo, "--out", out, ...args];
  const ran = await expectStatus(status, "es-sdist", all, { input: text, cwd: scratch(t), env });
  return { ran, record: recordsOf(ran.stdout)[0], out, path: join(out, filename) };
}

/** A folder for PATH that has all programs of the system but git. */
function withoutGit(t: TestContext): string {
  const folder = scratch(t);
  for (const place of ["/usr/bin", "/bin"])
    for (const name of readdirSync(place))
      if (!/^git/.test(name) && !existsSync(join(folder, name)))
        symlinkSync(join(place, name), join(folder, name));
  return folder;
}

/** A member's text, as tar unpacks it. */
async function member(path: string, name: string): Promise<string> {
  return (await expectStatus(0, "tar", ["-xzOf", path, `essay_demo-6.11.21.1/${name}`])).stdout;
}

test("a branch becomes an sdist and the record tells of it", async (t) => {
  const repo = await repository(t);
  const { record: done, path, out, ran } = await pack(t, repo.directory);
  const bytes = readFileSync(path);
  const commit = await repo.git("rev-parse", "master");
  assert.deepEqual([done.commit, done.branch, done.released], [commit, "master", released]);
  assert.deepEqual(done.files, [
    {
      path,
      filename,
      kind: "sdist",
      name: "essay_demo",
      version: "6.11.21.1",
      size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    },
  ]);
  assert.equal(done.trace[0].changed, true);
  assert.match(
    ran.stderr,
    new RegExp(`essay_demo-6.11.21.1.tar.gz packed from master ${commit.slice(0, 12)}`),
  );
  assert.deepEqual(readdirSync(out), [filename]);
  assert.equal(
    await member(path, "essay_demo/settings.py"),
    `VERSION = "6.11.21.1"\nCOMMIT = "${commit}"\nTIME = "2026-11-21 08:00:00"\n`,
  );
  assert.match(await member(path, "pyproject.toml"), /^version = "6\.11\.21\.1"$/m);
  assert.match(await member(path, "PKG-INFO"), /^Version: 6\.11\.21\.1$/m);
});

test("run again, it finds the same bytes and changes nothing", async (t) => {
  const repo = await repository(t);
  const first = await pack(t, repo.directory);
  const args = ["--branch", "master", "--out", first.out];
  const cwd = repo.directory;
  const again = await expectStatus(0, "es-sdist", args, { input: first.ran.stdout, cwd });
  const [done] = recordsOf(again.stdout);
  assert.deepEqual(done.files, first.record.files);
  assert.deepEqual(
    done.trace.map(({ changed }: { changed: boolean }) => changed),
    [true, false],
  );
  await repo.commit({ "essay_demo/new.py": "" });
  const later = await expectStatus(0, "es-sdist", args, { input, cwd });
  assert.notEqual(recordsOf(later.stdout)[0].files[0].sha256, first.record.files[0].sha256);
  assert.match(later.stderr, /packed from master \w+, in place of another file of that name/);
  assert.deepEqual(readdirSync(first.out), [filename]);
});

test("the commit wins over branch and tag, a flag over the record, the record over nothing", async (t) => {
  const repo = await repository(t);
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "v1");
  const head = await repo.commit({ "essay_demo/later.py": "" });
  const said = async (args: string[], fields = {}) => {
    const text = `${JSON.stringify({ ...JSON.parse(input), ...fields })}\n`;
    const { record } = await pack(t, repo.directory, args, { text });
    return [record.commit, record.branch];
  };
  assert.deepEqual(await said(["--branch", "master", "--commit", first.slice(0, 8)]), [first, undefined]);
  assert.deepEqual(await said(["--tag", "v1", "--branch=x", "--commit", "HEAD"]), [head, undefined]);
  assert.deepEqual(await said(["--tag", "v1"], { branch: "master" }), [first, undefined]);
  assert.deepEqual(await said(["--branch", "master"], { commit: first }), [head, "master"]);
  assert.deepEqual(await said([], { commit: first, branch: "master" }), [first, "master"]);
  assert.deepEqual(await said([], { branch: "master" }), [head, "master"]);
});

test("a branch that is only known from the remote is taken as it was fetched", async (t) => {
  const origin = await repository(t);
  const clone = new Repository(join(scratch(t), "clone"));
  await origin.git("clone", "--quiet", origin.directory, clone.directory);
  await clone.git("checkout", "--quiet", "--detach");
  await clone.git("branch", "--delete", "--force", "master");
  const { record: done, ran } = await pack(t, clone.directory);
  assert.equal(done.branch, "master");
  assert.match(ran.stderr, /from origin\/master/);
});

test("the configuration says repository, branch, output and further files to render", async (t) => {
  const repo = await repository(t, {
    ...project,
    "essay.toml":
      'git = { repo = ".", branch = "master" }\nbuild = { out = "build/out", settings = ["conf/app.ini"] }\n',
    "conf/app.ini": "version=${version}\n",
  });
  const cwd = join(repo.directory, "deep/er");
  mkdirSync(cwd, { recursive: true });
  // Inside one of git's hooks another repository may be named.
  const env = { GIT_DIR: "/nonexistent", GIT_INDEX_FILE: "/nonexistent" };
  const ran = await expectStatus(0, "es-sdist", [], { input, cwd, env });
  const [{ path }] = recordsOf(ran.stdout)[0].files;
  assert.equal(path, join(repo.directory, "build/out", filename));
  assert.equal(await member(path, "conf/app.ini"), "version=6.11.21.1\n");
});

test("a command before packing, and a label, from flags or configuration", async (t) => {
  const repo = await repository(t, { ...project, "essay.toml": "build.pre = 'echo made >made.txt'\n" });
  const cwd = repo.directory;
  const { record: done } = {
    record: recordsOf(
      (await expectStatus(0, "es-sdist", ["--branch", "master", "--name", "Fix_Bug"], { input, cwd })).stdout,
    )[0],
  };
  assert.equal(done.version, "6.11.21.1+fix.bug");
  const [file] = done.files;
  assert.equal(file.filename, "essay_demo-6.11.21.1+fix.bug.tar.gz");
  const top = "essay_demo-6.11.21.1+fix.bug";
  assert.equal((await expectStatus(0, "tar", ["-xzOf", file.path, `${top}/made.txt`])).stdout, "made\n");
  assert.match(
    (await expectStatus(0, "tar", ["-xzOf", file.path, `${top}/PKG-INFO`])).stdout,
    /^Version: 6\.11\.21\.1\+fix\.bug$/m,
  );
  // Run again, the label is there already.
  const again = await expectStatus(0, "es-sdist", ["--name", "fix-bug", "--pre-build", "echo other"], {
    input: `${JSON.stringify(done)}\n`,
    cwd,
  });
  assert.equal(recordsOf(again.stdout)[0].version, "6.11.21.1+fix.bug");
  const typed = `${JSON.stringify({ ...JSON.parse(input), version: "6.11.21.1-hot" })}\n`;
  const ran = await expectStatus(0, "es-sdist", ["--branch", "master"], { input: typed, cwd });
  assert.match(ran.stderr, /6\.11\.21\.1-hot is read as 6\.11\.21\.1\+hot/);
  await expectStatus(2, "es-sdist", ["--branch", "master", "--name", "no label"], { input, cwd });
  const failed = await expectStatus(
    1,
    "es-sdist",
    ["--branch", "master", "--pre-build", "echo because; exit 7"],
    { input, cwd },
  );
  const [{ error }] = recordsOf(failed.stdout);
  assert.deepEqual([error.code, error.stderr], ["hook-failed", "because"]);
  assert.match(error.message, /ended with status 7/);
  assert.deepEqual(readdirSync(join(cwd, "dist")).sort(), [
    "essay_demo-6.11.21.1+fix.bug.tar.gz",
    "essay_demo-6.11.21.1+hot.tar.gz",
  ]);
});

test("tar unpacks what git has: modes, links, empty files and odd names; a command's files elsewhere are no part", async (t) => {
  const repo = await repository(t, {
    ...project,
    "run.sh": { run: "#!/bin/sh\n" },
    "docs/link": { link: "../run.sh" },
    "docs/an empty file": "",
    "docs/a\nb\tü": "odd",
    [`docs/${"long".repeat(50)}/${"name".repeat(50)}`]: "long",
  });
  const temporary = scratch(t);
  const hook = 'echo x >../outside; echo x >"$TMPDIR/x"; echo made >made';
  const { path, ran } = await pack(t, repo.directory, ["--branch", "master", "--pre-build", hook], {
    env: { TMPDIR: temporary },
  });
  assert.deepEqual(readdirSync(temporary), [], ran.report);
  const into = scratch(t);
  await expectStatus(0, "tar", ["-xzf", path, "-C", into]);
  const top = join(into, "essay_demo-6.11.21.1");
  assert.deepEqual(readdirSync(top).sort(), [
    "PKG-INFO",
    "docs",
    "essay_demo",
    "made",
    "pyproject.toml",
    "run.sh",
  ]);
  assert.equal(lstatSync(join(top, "run.sh")).mode & 0o777, 0o755);
  assert.equal(lstatSync(join(top, "pyproject.toml")).mode & 0o777, 0o644);
  assert.equal(readlinkSync(join(top, "docs/link")), "../run.sh");
  const text = (name: string) => readFileSync(join(top, "docs", name), "utf8");
  assert.deepEqual([text("an empty file"), text("a\nb\tü")], ["", "odd"]);
  assert.equal(text(`${"long".repeat(50)}/${"name".repeat(50)}`), "long");
});

test("a branch and a tag of one name; a branch that was deleted, of which a copy is kept", async (t) => {
  const repo = await repository(t);
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "both");
  const head = await repo.commit({ "essay_demo/later.py": "" });
  await repo.git("branch", "both");
  const commitOf = async (...args: string[]) => (await pack(t, repo.directory, args)).record.commit;
  assert.deepEqual([await commitOf("--branch", "both"), await commitOf("--tag", "both")], [head, first]);

  const url = `file://${repo.directory}`;
  const args = ["--branch", "both", "--cache", scratch(t)];
  assert.equal((await pack(t, url, args)).record.commit, head);
  await repo.git("branch", "--delete", "--force", "both");
  for (const source of [url, repo.directory]) {
    const { record: failed, out } = await pack(t, source, args, { status: 1 });
    assert.equal(failed.error.code, "no-branch", failed.error.message);
    assert.match(failed.error.message, /has no branch both/);
    assert.ok(!existsSync(out));
  }
});

test("what cannot be packed is refused by name, and nothing is left", async (t) => {
  const more = (files: Files) => ({ ...project, ...files });
  const toml = (text: string) => more({ "pyproject.toml": text });
  const failures: [Files, string[], string, RegExp][] = [
    [{ "README.md": "" }, [], "no-build-files", /neither pyproject\.toml nor setup\.py/],
    [toml('[project]\nname = "other"\n'), [], "wrong-project", /of the project other, not of essay_demo/],
    [
      more({ "pyproject.toml": "", "setup.cfg": "[metadata]\nname = x\n" }),
      [],
      "wrong-project",
      /^setup\.cfg is of/,
    ],
    [more({ "essay_demo/settings.py": "${versoin}" }), [], "unknown-placeholder", /did you mean version\?/],
    [more({ "essay_demo/version.py": "'${version}'" }), [], "unrendered", /build\.settings/],
    [
      more({ ".gitmodules": '[submodule "c"]\npath = vendor/c\nurl = /nonexistent\n' }),
      [],
      "submodule",
      /cannot fetch the submodule vendor\/c from \/nonexistent: /,
    ],
    [
      more({ big: "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n" }),
      [],
      "lfs-pointer",
      /^big is kept in Git LFS/,
    ],
    [more({ latin: "x" }), [], "bad-name", /the name of the file café is not UTF-8/],
    [more({ out: { link: "../x" } }), [], "bad-link", /link out leads out of the project/],
    [project, ["--tag", "master"], "no-tag", /there is a branch of that name: --branch master/],
    [project, ["--branch", "v1"], "no-branch", /there is a tag of that name: --tag v1/],
    [project, ["--commit", "12345678"], "no-commit", /has no commit 12345678/],
    [project, ["--pre-build", "ln -s / root"], "bad-link", /link root leads out of the project, to \//],
    [project, ["--pre-build", "sleep 1000", "--timeout", "1"], "timeout", /did not end within 1 s/],
  ];
  for (const [files, args, code, message] of failures) {
    const repo = await repository(t, files);
    await repo.git("tag", "v1");
    if (".gitmodules" in files) {
      await repo.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},vendor/c`);
      await repo.git("commit", "--quiet", "--message", "a submodule");
    }
    if ("latin" in files) {
      writeFileSync(Buffer.from(`${repo.directory}/caf\xe9`, "latin1"), "x");
      await repo.commit({});
    }
    const temporary = scratch(t);
    const branch = args[0] === "--branch" || args[0] === "--tag" ? [] : ["--branch", "master"];
    const {
      record: failed,
      ran,
      out,
    } = await pack(t, repo.directory, [...branch, ...args], {
      status: 1,
      env: { TMPDIR: temporary },
    });
    assert.equal(failed.error?.code, code, ran.report);
    assert.match(failed.error.message, message);
    assert.deepEqual(existsSync(out) ? readdirSync(out) : [], []);
    assert.deepEqual(readdirSync(temporary), [], ran.report);
  }
});

test("what lies about, is not committed or not pushed has no part in it", async (t) => {
  const origin = await repository(t);
  const pushed = await origin.git("rev-parse", "HEAD");
  const clone = new Repository(join(scratch(t), "clone"));
  await origin.git("clone", "--quiet", origin.directory, clone.directory);
  const unpushed = await clone.commit({ "essay_demo/later.py": "" });
  clone.write({ "essay_demo/dirty.py": "", "essay_demo/settings.py": "dirty" });
  const cache = ["--cache", scratch(t)];
  const names = async (path: string) => (await expectStatus(0, "tar", ["-tzf", path])).stdout;
  const here = await pack(t, clone.directory);
  assert.equal(here.record.commit, unpushed);
  assert.doesNotMatch(await names(here.path), /dirty/);
  assert.doesNotMatch(await member(here.path, "essay_demo/settings.py"), /dirty/);
  const url = `file://${origin.directory}`;
  assert.equal((await pack(t, url, ["--branch", "master", ...cache])).record.commit, pushed);
  const { record: failed } = await pack(t, url, ["--commit", unpushed, ...cache], { status: 1 });
  assert.equal(failed.error.code, "no-commit");
  assert.match(failed.error.message, /is it pushed\?/);
  await clone.git("checkout", "--quiet", "--detach");
  const detached = await clone.commit({ "essay_demo/detached.py": "" });
  const { record: done } = await pack(t, clone.directory, ["--commit", "HEAD"]);
  assert.deepEqual([done.commit, done.branch], [detached, undefined]);
});

test("the same bytes with the tools of busybox", async (t) => {
  const repo = await repository(t, {
    ...project,
    "setup.cfg": "[metadata]\nlong_description = file: README.rst, docs/more.rst\n",
    "pyproject.toml": '[project]\nname = "essay_demo"\ndynamic = ["version", "readme"]\n',
    "README.rst": "One\n",
    "docs/more.rst": "Two\n",
    ".gitattributes": "drop export-ignore\n",
    drop: "",
    "a\nb": "",
  });
  const folder = scratch(t);
  const { stdout } = await expectStatus(0, "busybox", ["--list"]);
  for (const name of stdout.trim().split("\n")) symlinkSync("/bin/busybox", join(folder, name));
  symlinkSync("/usr/bin/git", join(folder, "git"));
  const args = ["--branch", "master", "--cache", scratch(t), "--pre-build", "echo made >made"];
  const usual = await pack(t, repo.directory, args);
  for (const source of [repo.directory, `file://${repo.directory}`]) {
    const small = await pack(t, source, args, { env: { PATH: folder } });
    assert.equal(small.record.files[0].sha256, usual.record.files[0].sha256, small.ran.report);
  }
});

test("memory does not grow with the repository", async (t) => {
  const megabytes = 200;
  const names = Array.from({ length: 6000 }, (_, i) => `data/${i % 100}/file-with-a-long-name-${i}.txt`);
  const large = await repository(t);
  await large.git("config", "core.bigFileThreshold", "1m");
  const files = Object.fromEntries(names.map((name) => [name, ""]));
  await large.commit({ ...files, "big.bin": Buffer.alloc(megabytes << 20) });
  const peak = async (repo: Repository): Promise<number> => {
    const script = `
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)`;
    const program = [process.execPath, join(bins, "es-sdist"), "--branch", "master", "--out", scratch(t)];
    const ran = await expectStatus(0, "python3", ["-c", script, ...program], { input, cwd: repo.directory });
    return Number(ran.stdout);
  };
  const most = await peak(large);
  assert.ok(most < megabytes * 0.8, `${most} MiB`);
});

test("failures are the record's, and leave no file behind", async (t) => {
  const repo = await repository(t);
  const file = join(scratch(t), "file");
  writeFileSync(file, "");
  const failures: [string[], { text?: string; env?: NodeJS.ProcessEnv }, string, RegExp][] = [
    [["--branch", "mastr"], {}, "no-branch", /did you mean master\?/],
    [["--branch=--all"], {}, "no-branch", /has no branch --all/],
    [[], {}, "not-configured", /no commit: say it by --branch, --tag or --commit/],
    [["--branch", "master"], { env: { PATH: withoutGit(t) } }, "no-program", /no git on this machine/],
    [["--branch", "master"], { text: '{"version":"1.0"}\n' }, "bad-record", /no field project/],
    [["--branch", "master"], { text: '{"project":"essay_demo"}\n' }, "bad-record", /version is missing/],
    ...["../x", "essay_demo[redis]", "essay_demo\\nLicense: none"].map(
      (project): (typeof failures)[number] => [
        ["--branch", "master"],
        { text: `{"project":"${project}","version":"1.0"}\n` },
        "bad-record",
        /field project is ".*": no name of a project/,
      ],
    ),
    [
      ["--branch", "master"],
      { text: '{"project":"essay_demo","version":"fixbug"}\n' },
      "bad-record",
      /field version is fixbug: no version/,
    ],
  ];
  for (const [args, more, code, message] of failures) {
    const { record: failed, ran, out } = await pack(t, repo.directory, args, { status: 1, ...more });
    assert.equal(failed.error?.code, code, ran.report);
    assert.match(failed.error.message, message);
    assert.equal(failed.files, undefined);
    assert.ok(!existsSync(out));
  }
  const args = ["--branch", "master", "--repo", repo.directory, "--out", file];
  const ran = await expectStatus(1, "es-sdist", args, { input });
  assert.ok(recordsOf(ran.stdout)[0].error, ran.report);
});

test("a failed record passes by, a malformed or missing one ends it", async (t) => {
  const repo = (await repository(t)).directory;
  const earlier = '{"project":"p","error":{"step":"x","code":"y","message":"z"},"odd":1e400}\n';
  assert.equal((await pack(t, repo, undefined, { status: 1, text: earlier })).ran.stdout, earlier);
  await pack(t, repo, undefined, { status: 2, text: '{"project":7}\n' });
  await pack(t, repo, undefined, { status: 1, text: "" });
  await pack(t, repo, ["--branch", "a", "--tag", "b"], { status: 2 });
});

test("a dry run writes no file and binds the later steps", async (t) => {
  const repo = await repository(t);
  const { record: done, out } = await pack(t, repo.directory, ["--branch", "master", "--dry-run"]);
  assert.equal(done.plan, true);
  assert.equal(done.files, undefined);
  assert.equal(done.commit, await repo.git("rev-parse", "HEAD"));
  assert.ok(!existsSync(out));
});
