import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bins, expectStatus, program, type Ran, recordsOf, scratch } from "../lab/program.js";
import { commitTime, type Files, project, Repository, repository } from "../lab/repository.js";

const released = "2026-11-21T08:00:00Z";
const record = { project: "essay_demo", version: "6.11.21.1", released };
const input = `${JSON.stringify(record)}\n`;
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
  const cwd = scratch(t);
  const all = ["--repo", repo, "--out", out, ...args];
  const ran = await expectStatus(status, "es-sdist", all, { input: text, cwd, env });
  return { ran, record: recordsOf(ran.stdout)[0], out, path: join(out, filename) };
}

interface Member {
  name: string;
  mode: number;
  type: string;
  link: string;
  mtime: number;
  owner: [number, number, string, string];
  text: string | null;
}

/** The members of an archive as Python's tarfile, which pip uses, sees them. */
async function members(path: string): Promise<Member[]> {
  const script = `
import json, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    print(json.dumps([dict(name=m.name, mode=m.mode, type=m.type.decode(), link=m.linkname, mtime=m.mtime,
        owner=[m.uid, m.gid, m.uname, m.gname],
        text=archive.extractfile(m).read().decode("utf-8", "replace") if m.isfile() else None) for m in archive]))`;
  const ran = await expectStatus(0, "python3", ["-c", script, path]);
  return JSON.parse(ran.stdout);
}

async function textsOf(path: string): Promise<Record<string, string | null>> {
  const prefix = filename.replace(".tar.gz", "/");
  return Object.fromEntries(
    (await members(path)).map(({ name, text }) => {
      assert.ok(name.startsWith(prefix), name);
      return [name.slice(prefix.length), text];
    }),
  );
}

/** Expects that packing fails with this code, and leaves no file behind. */
async function refused(t: TestContext, repo: string, code: string, message: RegExp, args?: string[]) {
  const { record: failed, ran, out } = await pack(t, repo, args, { status: 1 });
  assert.equal(failed.error?.code, code, ran.report);
  assert.match(failed.error.message, message);
  assert.equal(failed.files, undefined);
  assert.deepEqual(
    readdirSync(join(out, ".."), { recursive: true }).filter((name) => name !== "out"),
    [],
  );
}

test("a branch becomes an sdist and the record tells of it", async (t) => {
  const repo = await repository(t);
  const { record: done, path, out } = await pack(t, repo.directory);
  const bytes = readFileSync(path);
  assert.equal(done.commit, await repo.git("rev-parse", "master"));
  assert.equal(done.branch, "master");
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
  assert.deepEqual(readdirSync(out), [filename]);
  const texts = await textsOf(path);
  assert.deepEqual(Object.keys(texts), [
    "PKG-INFO",
    "essay_demo/__init__.py",
    "essay_demo/settings.py",
    "pyproject.toml",
  ]);
  assert.equal(
    texts["essay_demo/settings.py"],
    `VERSION = "6.11.21.1"\nCOMMIT = "${done.commit}"\nTIME = "2026-11-21 08:00:00"\n`,
  );
  assert.match(texts["pyproject.toml"] ?? "", /^version = "6\.11\.21\.1"$/m);
  assert.match(texts["PKG-INFO"] ?? "", /^Metadata-Version: 2\.1\nName: essay_demo\nVersion: 6\.11\.21\.1\n/);
  assert.equal(
    readFileSync(join(repo.directory, "pyproject.toml"), "utf8"),
    project["pyproject.toml"],
    "only the packed tree is rendered",
  );
});

test("modes, owners and times are fixed; odd names and links come through", async (t) => {
  const odd: Files = {
    ...project,
    "run.sh": { run: "#!/bin/sh\n" },
    empty: "",
    "a b.txt": "space",
    "a\nb": "line break",
    "ünï/Ω": "letters",
    [`${"long/".repeat(60)}name`]: "long",
    "essay_demo/link.py": { link: "settings.py" },
    "essay_demo/up": { link: "../ünï/Ω" },
    ".hidden/x": "x",
    "binary.bin": Buffer.from([0, 255, 10, 13, 128]),
  };
  const repo = await repository(t, odd);
  chmodSync(join(repo.directory, "a b.txt"), 0o600);
  const all = await members((await pack(t, repo.directory)).path);
  const top = "essay_demo-6.11.21.1/";
  assert.deepEqual(
    all.map(({ name }) => name),
    [...Object.keys(odd), "PKG-INFO"]
      .map((name) => top + name)
      .sort((a, b) => Buffer.from(a).compare(Buffer.from(b))),
  );
  for (const { name, mode, type, mtime, owner } of all) {
    assert.equal(mtime, commitTime, name);
    assert.deepEqual(owner, [0, 0, "", ""], name);
    if (type !== "2") assert.equal(mode, name.endsWith("run.sh") ? 0o755 : 0o644, name);
  }
  const link = (name: string) => all.find((member) => member.name === top + name)?.link;
  assert.equal(link("essay_demo/link.py"), "settings.py");
  assert.equal(link("essay_demo/up"), "../ünï/Ω");
  assert.equal(all.find(({ name }) => name.endsWith("/name"))?.text, "long");
});

test("the same record and commit give the same bytes from another clone", async (t) => {
  const repo = await repository(t, {
    ...project,
    ".gitattributes": "*.txt export-subst eol=crlf\nignored export-ignore\ndocs export-ignore\n",
    "v.txt": "$Format:%H %d$\nline\n",
    ignored: "x",
    "docs/a": "x",
    "docs/b/c": "x",
  });
  const clone = join(scratch(t), "clone");
  await repo.git("clone", "--quiet", repo.directory, clone);
  const other = new Repository(clone);
  // What is told to one clone only, or lies about in it, has no part in it.
  await other.git("config", "core.autocrlf", "true");
  await other.git("config", "tar.umask", "0077");
  await other.git("tag", "here");
  writeFileSync(join(clone, ".git/info/attributes"), "essay_demo export-ignore\n");
  writeFileSync(join(clone, "essay_demo/settings.py"), "dirty");
  writeFileSync(join(clone, "untracked"), "x");
  await other.git("add", "untracked");
  const [one, two] = [await pack(t, repo.directory), await pack(t, clone)];
  assert.deepEqual(readFileSync(two.path), readFileSync(one.path));
  const texts = await textsOf(one.path);
  assert.equal(texts["v.txt"], "$Format:%H %d$\nline\n");
  assert.deepEqual(
    Object.keys(texts).filter((name) => /^(ignored|docs|untracked)/.test(name)),
    [],
  );
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
  assert.deepEqual(readdirSync(first.out), [filename]);
});

test("the commit wins over the branch, and digits of it are enough", async (t) => {
  const repo = await repository(t);
  const first = await repo.git("rev-parse", "HEAD");
  await repo.commit({ "essay_demo/later.py": "" });
  await repo.git("branch", first.slice(0, 8));
  for (const id of [first, first.slice(0, 8), first.toUpperCase(), "HEAD~1"]) {
    const args = ["--branch", "master", "--commit", id];
    const { record: done } = await pack(t, repo.directory, args);
    assert.equal(done.commit, first);
    assert.equal(done.branch, undefined);
  }
});

test("branch and tag of one name are told apart", async (t) => {
  const repo = await repository(t);
  const tagged = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "--annotate", "--message", "a tag", "both");
  const head = await repo.commit({ "essay_demo/later.py": "" });
  await repo.git("branch", "both");
  await repo.git("tag", "only-tag");
  assert.equal((await pack(t, repo.directory, ["--branch", "both"])).record.commit, head);
  const byTag = await pack(t, repo.directory, ["--tag", "both"]);
  assert.equal(byTag.record.commit, tagged);
  assert.equal(byTag.record.branch, undefined);
  await refused(t, repo.directory, "no-branch", /no branch only-tag; there is a tag.*--tag only-tag/, [
    "--branch",
    "only-tag",
  ]);
  await refused(t, repo.directory, "no-tag", /no tag master; there is a branch/, ["--tag", "master"]);
});

test("what is not there is said by name", async (t) => {
  const repo = await repository(t);
  const bad: [string[], string, RegExp][] = [
    [["--branch", "mastr"], "no-branch", /has no branch mastr; did you mean master\?/],
    [["--branch", "master^"], "no-branch", /has no branch master\^/],
    [["--branch=--upload-pack=x"], "no-branch", /has no branch --upload-pack=x/],
    [["--tag", "v1"], "no-tag", /has no tag v1/],
    [["--commit", "0123456789"], "no-commit", /has no commit 0123456789/],
    [["--commit", "master"], "no-commit", /names no commit: give at least 4/],
  ];
  for (const [args, code, message] of bad) await refused(t, repo.directory, code, message, args);
  await refused(t, scratch(t), "no-repository", /not a git repository/);
  await refused(t, "/nonexistent", "no-repository", /cannot use \/nonexistent/);
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

test("a repository elsewhere is fetched: branch, tag, commit", async (t) => {
  const repo = await repository(t);
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "v1");
  const head = await repo.commit({ "essay_demo/later.py": "" });
  const url = `file://${repo.directory}`;
  const temporary = scratch(t);
  const commit = async (...args: string[]) =>
    (await pack(t, url, args, { env: { TMPDIR: temporary } })).record.commit;
  assert.equal(await commit("--branch", "master"), head);
  assert.equal(await commit("--tag", "v1"), first);
  assert.equal(await commit("--commit", first), first);
  assert.equal(await commit("--commit", first.slice(0, 10)), first);
  assert.deepEqual(readdirSync(temporary), []);
  await refused(t, url, "no-branch", /has no branch mastr; did you mean master/, ["--branch", "mastr"]);
  await refused(t, url, "no-branch", /cannot be the name/, ["--branch", "a:b"]);
  await refused(t, url, "no-tag", /has no tag v2/, ["--tag", "v2"]);
  await refused(t, url, "no-commit", /give hexadecimal digits/, ["--commit", "HEAD"]);
  await refused(t, "file:///nonexistent", "fetch-failed", /cannot fetch from file:\/\/\/nonexistent/);
});

test("the configuration says repository, branch, output and further files to render", async (t) => {
  const repo = await repository(t, {
    ...project,
    "essay.toml":
      'git = { repo = ".", branch = "master" }\nbuild = { out = "build/out", settings = ["conf/app.ini"] }\n',
    "conf/app.ini": "version=${version}\n",
  });
  mkdirSync(join(repo.directory, "deep/er"), { recursive: true });
  const cwd = join(repo.directory, "deep/er");
  const ran = await expectStatus(0, "es-sdist", [], { input, cwd });
  const [{ path }] = recordsOf(ran.stdout)[0].files;
  assert.equal(path, join(repo.directory, "build/out", filename));
  assert.equal((await textsOf(path))["conf/app.ini"], "version=6.11.21.1\n");
});

test("a settings package of another name than the project's is rendered, too", async (t) => {
  const repo = await repository(t, {
    "setup.py": "from setuptools import setup\nsetup(name='essay_demo', version='${version}')\n",
    "src/web/__init__.py": "",
    "src/web/settings/__init__.py": "V = '${version}' # latin-1: \u00e9 ${HOME}\n",
    "docs/settings.py": "${version}",
  });
  const texts = await textsOf((await pack(t, repo.directory)).path);
  assert.equal(texts["src/web/settings/__init__.py"], "V = '6.11.21.1' # latin-1: \u00e9 ${HOME}\n");
  assert.match(texts["setup.py"] ?? "", /version='6\.11\.21\.1'/);
  assert.equal(texts["docs/settings.py"], "${version}");
});

test("placeholders that are mistyped or left over are errors", async (t) => {
  const with_ = (files: Files) => repository(t, { ...project, ...files });
  const typo = await with_({ "essay_demo/settings.py": "a\nV = '${versoin}'\n" });
  await refused(
    t,
    typo.directory,
    "unknown-placeholder",
    /settings\.py:2: \$\{versoin\}.*did you mean version/,
  );
  const left = await with_({ "essay_demo/__init__.py": "__version__ = '${version}'\n" });
  await refused(t, left.directory, "unrendered", /essay_demo\/__init__\.py has .*add it to build\.settings/);
  const repo = await repository(t);
  const { record: failed } = await pack(t, repo.directory, undefined, {
    status: 1,
    text: '{"project":"essay_demo","version":"1.0"}\n',
  });
  assert.match(failed.error.message, /\$\{release_time\}, but the record's field released is missing/);
});

test("what cannot be packed is refused by name", async (t) => {
  const with_ = async (files: Files) => (await repository(t, { ...project, ...files })).directory;
  await refused(t, await with_({ out: { link: "../../etc/passwd" } }), "bad-link", /link out leads out/);
  await refused(t, await with_({ out: { link: "/etc/passwd" } }), "bad-link", /to \/etc\/passwd/);
  const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12\n`;
  await refused(t, await with_({ "model.bin": lfs }), "lfs-pointer", /model\.bin is kept in Git LFS/);
  await refused(
    t,
    (await repository(t, { "README.md": "x" })).directory,
    "no-build-files",
    /neither pyproject/,
  );
  const other = '[project]\nname = "other"\nversion = "1"\n';
  await refused(t, await with_({ "pyproject.toml": other }), "wrong-project", /of the project other, not/);
  await refused(t, await with_({ "pyproject.toml": "[project\n" }), "bad-pyproject", /pyproject\.toml:1:/);
  const readme = '[project]\nname = "essay_demo"\nversion = "1"\nreadme = "READ.md"\n';
  await refused(t, await with_({ "pyproject.toml": readme }), "no-file", /readme READ\.md/);
});

test("a name that is not UTF-8 is refused by name", async (t) => {
  const repo = await repository(t);
  writeFileSync(Buffer.concat([Buffer.from(`${repo.directory}/caf`), Buffer.from([0xe9])]), "x");
  await repo.commit({});
  await refused(t, repo.directory, "bad-name", /caf\\?.* is not UTF-8/);
});

test("a submodule is refused unless it is kept out", async (t) => {
  const inner = await repository(t, { a: "x" });
  const repo = await repository(t);
  const add = [
    "-c",
    "protocol.file.allow=always",
    "submodule",
    "--quiet",
    "add",
    inner.directory,
    "vendor/in",
  ];
  await repo.git(...add);
  await repo.commit({});
  await refused(t, repo.directory, "submodule", /vendor\/in is a submodule/);
  await repo.commit({ ".gitattributes": "/vendor export-ignore\n" });
  assert.ok(!Object.keys(await textsOf((await pack(t, repo.directory)).path)).includes("vendor/in"));
});

test("git's hooks and replaced objects do not lead astray", async (t) => {
  const repo = await repository(t);
  const other = await repository(t, { ...project, "essay_demo/other.py": "" });
  const env = { GIT_DIR: join(other.directory, ".git"), GIT_INDEX_FILE: "/nonexistent" };
  const { record: done } = await pack(t, repo.directory, undefined, { env });
  assert.equal(done.commit, await repo.git("rev-parse", "HEAD"));
  const head = await repo.commit({ "essay_demo/later.py": "" });
  await repo.git("replace", head, done.commit);
  assert.ok("essay_demo/later.py" in (await textsOf((await pack(t, repo.directory)).path)));
});

test("a machine without git says so", async (t) => {
  const repo = await repository(t);
  const { record: failed } = await pack(t, repo.directory, undefined, { status: 1, env: { PATH: bins } });
  assert.equal(failed.error.code, "no-program");
  assert.match(failed.error.message, /no git on this machine/);
});

test("an output folder that cannot be written, or is a file, is one record's failure", async (t) => {
  const repo = await repository(t);
  const file = join(scratch(t), "file");
  writeFileSync(file, "");
  const args = ["--branch", "master", "--repo", repo.directory, "--out", file];
  const ran = await expectStatus(1, "es-sdist", args, { input });
  assert.ok(recordsOf(ran.stdout)[0].error, ran.report);
});

test("a link under the file's name is replaced, not followed", async (t) => {
  const repo = await repository(t);
  const out = scratch(t);
  const target = join(scratch(t), "precious");
  writeFileSync(target, "precious");
  symlinkSync(target, join(out, filename));
  const args = ["--branch", "master", "--repo", repo.directory, "--out", out];
  await expectStatus(0, "es-sdist", args, { input });
  assert.equal(readFileSync(target, "utf8"), "precious");
});

test("a dry run writes no file and binds the later steps", async (t) => {
  const repo = await repository(t);
  const { record: done, out } = await pack(t, repo.directory, ["--branch", "master", "--dry-run"]);
  assert.equal(done.plan, true);
  assert.equal(done.files, undefined);
  assert.equal(done.commit, await repo.git("rev-parse", "HEAD"));
  assert.throws(() => readdirSync(out), { code: "ENOENT" });
});

test("records are checked", async (t) => {
  const repo = (await repository(t)).directory;
  const failures: [string, RegExp][] = [
    ['{"version":"1.0"}', /no field project/],
    ['{"project":"essay_demo"}', /field version is missing/],
    ['{"project":"essay_demo","version":"1-fixbug"}', /field version is 1-fixbug: no version/],
  ];
  for (const [text, message] of failures) {
    const { record: failed } = await pack(t, repo, undefined, { status: 1, text: `${text}\n` });
    assert.equal(failed.error.code, "bad-record");
    assert.match(failed.error.message, message);
  }
  const earlier = '{"project":"p","error":{"step":"x","code":"y","message":"z"},"odd":1e400}\n';
  const passed = await pack(t, repo, undefined, { status: 1, text: earlier });
  assert.equal(passed.ran.stdout, earlier);
  await pack(t, repo, undefined, { status: 2, text: '{"project":7}\n' });
  await pack(t, repo, undefined, { status: 1, text: "" });
  const both = await program("es-sdist", ["--branch", "a", "--tag", "b"], { input });
  assert.equal(both.status, 2, both.report);
  const nowhere = await expectStatus(1, "es-sdist", ["--repo", repo], { input, cwd: scratch(t) });
  assert.match(nowhere.stderr, /no commit: say it by --branch, --tag or --commit/);
});
