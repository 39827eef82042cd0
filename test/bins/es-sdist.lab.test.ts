import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { commandLine, descendants, kill, processesOf, until } from "../lab/processes.js";
import { expectStatus, fileOf, program, type Ran, recordsOf, scratch, underWay } from "../lab/program.js";
import { described, project, repository } from "../lab/repository.js";
import { type LabHost, type SshLab, startSshd } from "../lab/sshd.js";

const input = `${JSON.stringify({ project: "essay_demo", version: "6.11.21.1", released: "2026-11-21T08:00:00Z" })}\n`;

/** A folder that the hosts' users may read: login shells are there. */
let open: string;
let lab: SshLab;
let host: LabHost;
/** A host without git in PATH. */
let bare: LabHost;

/** A folder for PATH that has all programs of the system but git. */
function withoutGit(folder: string): string {
  mkdirSync(folder);
  for (const name of readdirSync("/usr/bin"))
    if (!name.startsWith("git")) symlinkSync(join("/usr/bin", name), join(folder, name));
  return folder;
}

before(async () => {
  open = mkdtempSync("/tmp/essay-lab-shells-");
  chmodSync(open, 0o755);
  const shell = join(open, "shell");
  writeFileSync(shell, `#!/bin/sh\nPATH=${withoutGit(join(open, "bin"))}\nexec /bin/sh "$@"\n`, {
    mode: 0o755,
  });
  lab = await startSshd({ hosts: 2, shells: ["/bin/sh", shell] });
  [host, bare] = lab.hosts as [LabHost, LabHost];
});
after(async () => {
  await lab.stop();
  rmSync(open, { recursive: true, force: true });
});

/** Private folders that were in /tmp before: users of the lab come again. */
const earlier = new Set(readdirSync("/tmp"));

/** What a user has left in /tmp. */
const left = (uid: number) =>
  readdirSync("/tmp").filter(
    (name) => /^essay\./.test(name) && !earlier.has(name) && ownerOf(join("/tmp", name)) === uid,
  );

function ownerOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.uid;
}

async function nothingLeft(uid: number, what = ""): Promise<void> {
  await until(`the end of all that ${uid} runs ${what}`, () =>
    processesOf(uid).every((pid) => /^sshd/.test(commandLine(pid))),
  );
  await until(`no folder of ${uid} ${what}`, () => left(uid).length === 0);
}

/** A clone that belongs to the host's user. */
function cloneAt(place: LabHost, source: string, name: string): string {
  const directory = join(place.home, name);
  execFileSync("git", ["clone", "--quiet", source, directory]);
  execFileSync("chown", ["-R", `${place.uid}:${place.gid}`, directory]);
  return directory;
}

interface Packed {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
  record: any;
  ran: Ran;
  out: string;
}

async function pack(
  t: TestContext,
  args: readonly string[],
  { status = 0, text = input, env = {} as NodeJS.ProcessEnv } = {},
): Promise<Packed> {
  const out = join(scratch(t), "out");
  const temporary = scratch(t);
  const ran = await expectStatus(status, "es-sdist", ["--branch", "master", "--out", out, ...args], {
    input: text,
    cwd: scratch(t),
    env: { ESSAY_SSH_CONFIG: lab.sshConfig, TMPDIR: temporary, ...env },
  });
  assert.deepEqual(readdirSync(temporary), [], ran.report);
  return { record: recordsOf(ran.stdout)[0], ran, out };
}

test("from two clones, here and on a build host: the same bytes, with submodules and after a command", async (t) => {
  const inner = await repository(t, { "lib.c": "int x;\n" });
  const repo = await repository(t, {
    ...project,
    ".gitattributes": "*.txt export-subst eol=crlf\ndrop export-ignore\n",
    "v.txt": "$Format:%H %d$\n",
    drop: "x",
    "a\nb ü": "odd",
    "run.sh": { run: "#!/bin/sh\n" },
    link: { link: "run.sh" },
    "big.bin": Buffer.alloc(5_000_000, "0123456789abcdef"),
  });
  const there = cloneAt(host, inner.directory, "inner");
  await repo.git("config", "--file", ".gitmodules", "submodule.c.path", "vendor/c");
  await repo.git("config", "--file", ".gitmodules", "submodule.c.url", "../inner");
  await repo.git("add", ".gitmodules");
  await repo.git(
    "update-index",
    "--add",
    "--cacheinfo",
    `160000,${await inner.git("rev-parse", "HEAD")},vendor/c`,
  );
  await repo.git("commit", "--quiet", "--message", "a submodule");
  const near = scratch(t);
  execFileSync("git", ["clone", "--quiet", repo.directory, join(near, "outer")]);
  execFileSync("git", ["-C", join(near, "outer"), "config", "remote.origin.url", join(near, "outer")]);
  execFileSync("git", ["clone", "--quiet", inner.directory, join(near, "inner")]);
  const far = cloneAt(host, repo.directory, "outer");
  execFileSync("git", ["config", "--file", join(far, ".git/config"), "remote.origin.url", far]);
  assert.ok(existsSync(there));

  const hook = ["--pre-build", 'printf "%s\\n" "$ESSAY_COMMIT" >made; date -d "@$SOURCE_DATE_EPOCH" >when'];
  const folder = ["--repo", join(near, "outer"), "--cache", scratch(t)];
  const url = ["--repo", `file://${join(near, "outer")}`, "--cache", scratch(t)];
  const farFolder = ["--repo", "~/outer", "--on", host.entry];
  const farUrl = ["--repo", `file://${far}`, "--on", host.entry];
  for (const [more, ways] of [
    [[], [folder, url, farFolder, farUrl]],
    [hook, [folder, farUrl]],
  ] as const) {
    const digests = new Set<string>();
    let path = "";
    for (const way of ways) {
      const { record, ran } = await pack(t, [...way, ...more]);
      assert.equal(record.commit, await repo.git("rev-parse", "HEAD"), ran.report);
      path = record.files[0].path;
      digests.add(record.files[0].sha256);
    }
    assert.equal(digests.size, 1, [...digests].join("\n"));
    const { stdout } = await expectStatus(0, "tar", ["-tzf", path]);
    for (const name of ["vendor/c/lib.c", "link", "v.txt", ...(more.length > 0 ? ["made", "when"] : [])])
      assert.ok(stdout.split("\n").includes(`essay_demo-6.11.21.1/${name}`), `${name}\n${stdout}`);
  }
  await nothingLeft(host.uid);
  const kept = readdirSync(join(host.home, ".cache/essay/git")).filter((name) => name.endsWith(".git"));
  assert.deepEqual(kept.map((name) => name.replace(/-[0-9a-f]{16}\.git$/, "")).sort(), [
    "inner",
    "inner",
    "outer",
  ]);
  assert.equal(lstatSync(join(host.home, ".cache/essay/git", kept[0] ?? "")).mode & 0o777, 0o700);
});

test("the metadata is such as indexes take, from pyproject.toml and from setup.cfg", async (t) => {
  const legacy = `[metadata]
name = essay_demo
description = A demo
long_description = file: README.md
author = Ada
url = https://a.example/
classifiers =
    Programming Language :: Python :: 3
[options]
python_requires = >=3.8
install_requires = six
[options.extras_require]
test = pytest
`;
  const readme = { "README.md": "# Demo\n\nText.\n" };
  const made: string[] = [];
  for (const files of [
    { ...readme, "pyproject.toml": described },
    {
      ...readme,
      "setup.cfg": legacy,
      "setup.py": "from setuptools import setup\nsetup(version='${version}')\n",
    },
  ]) {
    const repo = await repository(t, files);
    const [file] = (await pack(t, ["--repo", repo.directory])).record.files;
    const info = (await expectStatus(0, "tar", ["-xzOf", file.path, "essay_demo-6.11.21.1/PKG-INFO"])).stdout;
    for (const line of [
      "Metadata-Version: 2.1",
      "Name: essay_demo",
      "Version: 6.11.21.1",
      "Summary: A demo",
      "Author: Ada",
      "Requires-Python: >=3.8",
      "Requires-Dist: six",
      "Provides-Extra: test",
      "Description-Content-Type: text/markdown",
      "# Demo",
    ])
      assert.ok(info.split("\n").includes(line), `${line}\n${info}`);
    made.push(file.path);
  }
  const { stdout } = await expectStatus(0, "twine", ["check", "--strict", ...made]);
  assert.equal(stdout.match(/PASSED/g)?.length, 2, stdout);
});

test("many builds of one cache at once, here and on a host", async (t) => {
  const repo = await repository(t);
  const far = cloneAt(host, repo.directory, "many");
  const many = Array.from({ length: 6 }, (_, i) => input.replace("6.11.21.1", `6.11.21.${i + 1}`)).join("");
  for (const args of [
    ["--repo", `file://${far}`, "--on", host.entry, "--cache", "~/shared"],
    ["--repo", `file://${repo.directory}`, "--cache", join(scratch(t), "cache")],
  ]) {
    const [one, two] = await Promise.all([pack(t, args, { text: many }), pack(t, args, { text: many })]);
    for (const { ran, out } of [one, two]) {
      assert.equal(recordsOf(ran.stdout).length, 6);
      assert.equal(readdirSync(out).length, 6, ran.report);
    }
  }
  await nothingLeft(host.uid);
});

test("what a killed fetch has left in the cache does not stand in the way of the next", async (t) => {
  const repo = await repository(t);
  const cache = join(scratch(t), "cache");
  const args = ["--repo", `file://${repo.directory}`, "--cache", cache];
  await pack(t, args);
  const [name = ""] = readdirSync(join(cache, "git")).filter((entry) => entry.endsWith(".git"));
  const kept = join(cache, "git", name);
  for (const rest of ["shallow.lock", "config.lock", "objects/pack/tmp_pack_x"])
    writeFileSync(join(kept, rest), "");
  const commit = await repo.commit({ "essay_demo/later.py": "" });
  assert.equal((await pack(t, args)).record.commit, commit);
  assert.ok(!existsSync(join(kept, "objects/pack/tmp_pack_x")));
  // One that was killed while it was being made.
  rmSync(join(kept, "HEAD"));
  rmSync(join(kept, "refs"), { recursive: true });
  assert.equal((await pack(t, args)).record.commit, commit);
});

test("a host without git, without the repository, or that is none", async (t) => {
  const failures: [string[], string, RegExp][] = [
    [["--on", bare.entry, "--repo", "/srv/x"], "no-program", /there is no git on .*, or it is not in PATH/],
    [["--on", host.entry, "--repo", "/srv/none"], "no-repository", /cannot use \/srv\/none on essay-lab/],
    [
      ["--on", host.entry, "--repo", "file:///srv/none"],
      "fetch-failed",
      /cannot fetch from file:\/\/\/srv\/none on essay-lab/,
    ],
    [["--on", "127.0.0.1:1", "--repo", "/srv/x"], "refused", /127\.0\.0\.1/],
  ];
  for (const [args, code, message] of failures) {
    const { record, out, ran } = await pack(t, args, { status: 1 });
    assert.equal(record.error.code, code, ran.report);
    assert.match(record.error.message, message);
    assert.ok(!existsSync(out));
  }
  const relative = await pack(t, ["--on", host.entry, "--repo", "sub"], { status: 2 });
  assert.match(relative.ran.stderr, /sub is not on essay-lab.*name one with --repo/);
  await nothingLeft(host.uid);
  await nothingLeft(bare.uid);
});

/** es-sdist with a command that waits for ever, and the file that says that it does. */
async function waiting(
  t: TestContext,
  args: readonly string[],
  ready: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ pid: number; out: string; closed: Promise<unknown>; seen: { stdout: string } }> {
  const out = join(scratch(t), "out");
  const hook = `touch '${ready}'; sleep 1000`;
  const words = ["--branch", "master", "--out", out, "--pre-build", hook, ...args];
  const all = { ...process.env, ESSAY_SSH_CONFIG: lab.sshConfig, ...env };
  const { child, seen, closed } = underWay(t, "es-sdist", words, all, scratch(t));
  child.stdin.end(input);
  await until("the command to run", () => existsSync(ready));
  return { pid: child.pid as number, out, closed, seen };
}

test("killed, or cut off, it leaves nothing on the host and nothing here", async (t) => {
  const repo = await repository(t);
  const far = cloneAt(host, repo.directory, "killed");
  const args = ["--repo", far, "--on", host.entry];
  const ready = (name: string) => join(host.home, name);

  const first = await waiting(t, args, ready("first"));
  assert.equal(left(host.uid).length, 1);
  kill([first.pid]);
  await first.closed;
  await nothingLeft(host.uid, "after es-sdist was killed");
  assert.ok(!existsSync(first.out));

  const second = await waiting(t, args, ready("second"));
  const sessions = processesOf(host.uid).filter((pid) => /^sshd/.test(commandLine(pid)));
  kill(sessions);
  await second.closed;
  assert.equal(recordsOf(second.seen.stdout)[0].error.code, "connection-lost");
  await nothingLeft(host.uid, "after the connection was cut");

  // Nobody can clear away behind a group that is killed as a whole: the next run does.
  const third = await waiting(t, args, ready("third"));
  const sleeps = () => processesOf(host.uid).some((pid) => commandLine(pid).startsWith("sleep 1000"));
  await until("all that the command begins", sleeps);
  const group = processesOf(host.uid).filter((pid) => !/^sshd/.test(commandLine(pid)));
  kill(group);
  await third.closed;
  assert.equal(recordsOf(third.seen.stdout)[0].error.code, "git-failed");
  assert.equal(left(host.uid).length, 1);
  await pack(t, args);
  await nothingLeft(host.uid, "after a killed group and another run");
});

test("killed here, the script ends with it", async (t) => {
  const repo = await repository(t);
  const temporary = scratch(t);
  const ready = join(scratch(t), "ready");
  const { pid, closed } = await waiting(t, ["--repo", repo.directory], ready, { TMPDIR: temporary });
  const children = descendants(pid);
  kill([pid]);
  await closed;
  await until("the end of the script", () => children.every((child) => commandLine(child) === ""));
  await until("its folder to go", () => readdirSync(temporary).length === 0);
});

test("a disk that fills midway: said so, and nothing left", async (t) => {
  const repo = await repository(t, {
    ...project,
    "big.bin": execFileSync("head", ["-c", "3000000", "/dev/urandom"], { maxBuffer: 1 << 22 }),
  });
  const small = scratch(t);
  // A file system of its own, which nobody else sees.
  const run = (args: string[], tmp: string) =>
    program(
      "unshare",
      [
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size=1m none "$0" && mkdir "$0/tmp" && "$@"; s=$?; find "$0" -mindepth 1 >&2; exit $s',
        small,
        process.execPath,
        fileOf("es-sdist") ?? "",
        "--branch",
        "master",
        "--repo",
        repo.directory,
        ...args,
      ],
      { input, env: { TMPDIR: tmp } },
    );
  const out = scratch(t);
  for (const [args, tmp, code] of [
    [["--out", join(small, "out")], out, "disk-full"],
    [["--out", out, "--pre-build", "true"], join(small, "tmp"), "disk-full"],
    [["--out", out, "--pre-build", "cat big.bin >again"], join(small, "tmp"), "disk-full"],
  ] as const) {
    const ran = await run([...args], tmp);
    assert.equal(ran.status, 1, ran.report);
    assert.equal(recordsOf(ran.stdout)[0].error.code, code, ran.report);
    assert.doesNotMatch(ran.stderr, /\.part|essay\./, ran.report);
    assert.deepEqual(readdirSync(out), []);
  }
});
