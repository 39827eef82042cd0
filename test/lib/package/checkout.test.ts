import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type CheckoutRequest,
  checkoutScript,
  type Wanted,
  withCheckout,
} from "../../../lib/package/checkout.js";
import { requestFor, runHere } from "../../lab/checkout.js";
import { expectStatus, scratch } from "../../lab/program.js";
import { commitTime, type Files, type Repository, repository } from "../../lab/repository.js";
import { web } from "../../lab/web.js";

interface Seen {
  commit: string;
  branch: string | undefined;
  fetchedFrom: string | undefined;
  time: number;
  names: string[];
  first: string[];
  /** The content by its path. */
  files: Map<string, Buffer>;
  kinds: Record<string, string>;
}

async function look(source: string, changes: Partial<CheckoutRequest> = {}): Promise<Seen> {
  return withCheckout(runHere, requestFor(source, changes), async (checkout) => {
    const { commit, branch, fetchedFrom, time, names } = checkout;
    const seen: Seen = { commit, branch, fetchedFrom, time, names, first: [], files: new Map(), kinds: {} };
    for await (const file of checkout.first()) {
      for await (const _ of file.chunks());
      seen.first.push(file.path);
    }
    for await (const file of checkout.contents()) {
      const chunks: Buffer[] = [];
      for await (const chunk of file.chunks()) chunks.push(chunk);
      seen.files.set(file.path, Buffer.concat(chunks));
      seen.kinds[file.path] = file.kind;
    }
    return seen;
  });
}

async function paths(source: string, changes: Partial<CheckoutRequest> = {}): Promise<string[]> {
  return [...(await look(source, changes)).files.keys()];
}

test("every file of a commit with its kind, whatever its name, its size and where the folder is", async (t) => {
  const files: Files = {
    "a b": "x",
    "a\nb\tc": "x",
    "back\\slash": "x",
    'quo"te': "x",
    "sub/empty": "",
    "ünï/Ω": "x",
    "\ufeffbom": "x",
    link: { link: "sub/empty" },
    "run.sh": { run: "#!/bin/sh\n" },
    ...Object.fromEntries([1, 65_535, 65_536, 3_000_000].map((size) => [`of${size}`, randomBytes(size)])),
  };
  const repo = await repository(t, files);
  const commit = await repo.git("rev-parse", "HEAD");
  const sorted = Object.keys(files).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const source of [repo.directory, `${repo.directory}/sub`, `${repo.directory}/.git`]) {
    const seen = await look(source);
    assert.deepEqual([seen.commit, seen.branch, seen.time], [commit, "master", commitTime]);
    assert.deepEqual([...seen.files.keys()], sorted);
    for (const [path, content] of Object.entries(files))
      if (Buffer.isBuffer(content)) assert.ok(seen.files.get(path)?.equals(content), path);
    const kind = (path: string) => seen.kinds[path];
    assert.deepEqual([kind("link"), kind("run.sh"), kind("sub/empty")], ["symlink", "executable", "file"]);
    assert.equal(seen.files.get("link")?.toString(), "sub/empty");
  }
  const gone = await repo.git("rev-parse", "HEAD:of65535");
  rmSync(join(repo.directory, ".git/objects", gone.slice(0, 2), gone.slice(2)));
  await assert.rejects(look(repo.directory), { code: "missing-object", message: new RegExp(gone) });
  await assert.rejects(look(scratch(t)), { code: "no-repository", message: /not a git repository/ });
  await assert.rejects(look("/nonexistent"), {
    code: "no-repository",
    message: /^cannot use \/nonexistent: /,
  });
});

test("what decides about rendering and metadata comes before the files", async (t) => {
  const repo = await repository(t, {
    "pyproject.toml": '[project]\nreadme = {file = "./docs/read me.md", content-type = "text/markdown"}\n',
    "setup.cfg": "[metadata]\nlong_description = file: README.rst, CHANGES.rst\n",
    "README.rst": "",
    "CHANGES.rst": "",
    "docs/read me.md": "",
    "docs/other.md": "",
    "src/web/__init__.py": "",
    "web/settings/__init__.py": "",
    "web/settings/deep/__init__.py": "",
    "conf/app.ini": "",
  });
  const seen = await look(repo.directory, { settings: ["./conf/app.ini"] });
  assert.deepEqual(seen.first, [
    "pyproject.toml",
    "setup.cfg",
    "CHANGES.rst",
    "README.rst",
    "docs/read me.md",
  ]);
  assert.deepEqual(
    seen.names.filter((name) => name.includes("/")),
    ["conf/app.ini", "src/web/__init__.py", "web/settings/__init__.py"],
  );
});

test("branches, tags and commits are told apart, and what is not there is said by name", async (t) => {
  const repo = await repository(t, { a: "" });
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "--annotate", "--message", "a tag", "both");
  const head = await repo.commit({ b: "" });
  await repo.git("branch", "both");
  await repo.git("tag", "only-tag");
  await repo.git("branch", "deadbeef");
  await repo.git("tag", "a-tree", "HEAD^{tree}");
  await repo.git("update-ref", "refs/remotes/origin/far", first);
  const resolve = async (wanted: Wanted) => {
    const { commit, branch, fetchedFrom } = await look(repo.directory, { wanted });
    return [commit, branch, fetchedFrom];
  };
  assert.deepEqual(await resolve({ branch: "both" }), [head, "both", undefined]);
  assert.deepEqual(await resolve({ branch: "far" }), [first, "far", "origin"]);
  assert.deepEqual(await resolve({ tag: "both" }), [first, undefined, undefined]);
  for (const commit of [first.slice(0, 7), first.toUpperCase(), "HEAD~1", "@^"])
    assert.equal((await resolve({ commit }))[0], first, commit);
  const missing: [Wanted, string, RegExp][] = [
    [{ branch: "mastr" }, "no-branch", /has no branch mastr; did you mean master\?$/],
    [{ branch: "only-tag" }, "no-branch", /there is a tag of that name: --tag only-tag/],
    [{ branch: "master^" }, "no-branch", /has no branch master\^/],
    [{ branch: "--all" }, "no-branch", /has no branch --all/],
    [{ branch: "../heads/master" }, "no-branch", /has no branch/],
    [{ branch: "$(touch x); '\n" }, "no-branch", /has no branch \$\(touch x\); '\n/],
    [{ tag: "master" }, "no-tag", /there is a branch of that name: --branch master/],
    [{ tag: "only-tga" }, "no-tag", /did you mean only-tag\?/],
    [{ tag: "a-tree" }, "no-commit", /names no commit/],
    [{ commit: "deadbeef" }, "no-commit", /has no commit deadbeef; is it fetched\?/],
    [{ commit: await repo.git("rev-parse", "HEAD^{tree}") }, "no-commit", /has no commit/],
    [{ commit: "HEAD~9" }, "no-commit", /has no commit HEAD~9/],
  ];
  for (const [wanted, code, message] of missing) await assert.rejects(resolve(wanted), { code, message });
});

test("what cannot be asked for is refused before anything runs", () => {
  const url = { isFolder: false };
  const bad: [string, Partial<CheckoutRequest>, string, RegExp][] = [
    ["/r", { wanted: { commit: "master" } }, "no-commit", /names no commit: give at least 4/],
    ["/r", { wanted: { commit: "abc" } }, "no-commit", /at least 4/],
    [
      "https://h/r",
      { ...url, wanted: { commit: "HEAD" } },
      "no-commit",
      /give at least 4 hexadecimal digits/,
    ],
    ["-u:x", url, "bad-url", /is no repository/],
    ["ssh://ada:s3cr@h/x", url, "bad-url", /^ssh:\/\/h\/x takes no password/],
    ["https://ada:s3/cr@h/x", url, "bad-url", /^https:\/\/h\/x is no URL; in a password, write/],
  ];
  for (const [source, changes, code, message] of bad)
    assert.throws(() => checkoutScript(requestFor(source, changes)), { code, message });
});

test("export-ignore counts as the commit says it, for folders, too", async (t) => {
  const repo = await repository(t, {
    ".gitattributes":
      "docs/ export-ignore\nsub/* export-ignore\nsub/keep -export-ignore\n*.log export-ignore\n",
    "docs/x/deep": "",
    "sub/keep": "",
    "sub/drop": "",
    "a.log": "",
    "b\nc.log": "",
    "inner/.gitattributes": "own export-ignore\n",
    "inner/own": "",
    "inner/other": "",
    own: "",
  });
  const kept = [".gitattributes", "inner/.gitattributes", "inner/other", "own", "sub/keep"];
  assert.deepEqual(await paths(repo.directory), kept);
  // This clone's own attributes, and those in a changed work tree, have no part in it.
  writeFileSync(`${repo.directory}/.git/info/attributes`, "own export-ignore\n");
  writeFileSync(`${repo.directory}/.gitattributes`, "");
  assert.deepEqual(await paths(repo.directory), kept);
});

test("names that are not UTF-8 are refused by name", async (t) => {
  const repo = await repository(t, { a: "" });
  writeFileSync(Buffer.concat([Buffer.from(`${repo.directory}/caf`), Buffer.from([0xe9])]), "x");
  await repo.commit({});
  await assert.rejects(paths(repo.directory), { code: "bad-name", message: /the file café is not UTF-8/ });
});

test("a repository with SHA-256 ids", async (t) => {
  const repo = await repository(t, { a: "" });
  await repo.git("init", "--quiet", "--object-format=sha256", "--initial-branch=master", "other");
  const inner = `${repo.directory}/other`;
  writeFileSync(`${inner}/.gitattributes`, "b export-ignore\n");
  writeFileSync(`${inner}/b`, "");
  await repo.git("-C", inner, "add", "--all");
  await repo.git("-C", inner, "commit", "--quiet", "--message", "x");
  assert.deepEqual(await paths(inner), [".gitattributes"]);
  const cache = join(scratch(t), "cache");
  const commit = (await repo.git("-C", inner, "rev-parse", "HEAD")).trim();
  for (const wanted of [{ branch: "master" }, { branch: "master" }, { commit }]) {
    const { files } = await look(`file://${inner}`, { isFolder: false, cache, wanted });
    assert.deepEqual([...files.keys()], [".gitattributes"]);
  }
});

test("a repository of another account: what to do is said", async (t) => {
  const { directory } = await repository(t, { a: "" });
  // git's own tests use it, too.
  process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER = "1";
  t.after(() => delete process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER);
  const message =
    /^cannot .*: it belongs to another account; if you trust that one, run: git config --global --add safe\.directory \S+$/;
  await assert.rejects(look(directory), { code: "no-repository", message });
  const cache = join(scratch(t), "cache");
  await assert.rejects(look(`file://${directory}`, { isFolder: false, cache }), {
    code: "fetch-failed",
    message,
  });
});

test("a URL: only what is wanted comes, once, and what is not there is said by name", async (t) => {
  const repo = await repository(t, { a: "" });
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "v1");
  const head = await repo.commit({ b: "" });
  await repo.git("branch", "next");
  const cache = join(scratch(t), "cache");
  const source = `file://${repo.directory}`;
  const fetched = async (wanted: Wanted) => (await look(source, { isFolder: false, cache, wanted })).commit;
  const commits = () => {
    const [name = ""] = readdirSync(join(cache, "git")).filter((entry) => entry.endsWith(".git"));
    const all = execFileSync("git", ["-C", join(cache, "git", name), "rev-list", "--all"], {
      encoding: "utf8",
    });
    return all.trim().split("\n").sort();
  };
  assert.equal(await fetched({ branch: "master" }), head);
  assert.deepEqual(commits(), [head]);
  assert.equal(await fetched({ tag: "v1" }), first);
  assert.deepEqual(commits(), [first, head].sort());
  assert.equal(await fetched({ commit: first.slice(0, 9) }), first);
  // A branch in the place of the folder of others, as it comes and goes.
  await repo.git("branch", "--delete", "--force", "next");
  await repo.git("branch", "next/one", first);
  assert.equal(await fetched({ branch: "next/one" }), first);
  assert.equal(await fetched({ commit: first.slice(0, 8) }), first);
  // The cache still has it.
  await repo.git("branch", "--delete", "--force", "next/one");
  await assert.rejects(fetched({ branch: "next/one" }), {
    code: "no-branch",
    message: /has no branch next\/one/,
  });
  const unpushed = "1".repeat(40);
  const bad: [Wanted, string, RegExp][] = [
    [{ branch: "mastr" }, "no-branch", /^file:.* has no branch mastr; did you mean master\?$/],
    [{ branch: "a:b" }, "no-branch", /a:b cannot be the name of a branch/],
    [{ branch: "v1" }, "no-branch", /has no branch v1/],
    [{ tag: "v2" }, "no-tag", /has no tag v2; did you mean v1\?/],
    [{ commit: unpushed }, "no-commit", /has no commit 1111.*; is it pushed\?/],
  ];
  for (const [wanted, code, message] of bad) await assert.rejects(fetched(wanted), { code, message });
  rmSync(repo.directory, { recursive: true });
  // What is there whole needs no server; what may have changed does.
  assert.equal(await fetched({ commit: head }), head);
  await assert.rejects(fetched({ branch: "master" }), {
    code: "fetch-failed",
    message: /cannot fetch from file:/,
  });
});

test("a password goes to its server and stays out of messages and process lists", async (t) => {
  const asked: (string | undefined)[] = [];
  const seen: string[] = [];
  const origin = await web(t, (request, response) => {
    asked.push(request.headers.authorization);
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (line.includes(new URL(origin).host)) seen.push(line);
      } catch {}
    response.writeHead(request.headers.authorization ? 404 : 401, { "www-authenticate": "Basic" }).end();
  });
  const cache = scratch(t);
  for (const [who, sent] of [
    ["ada:s3cr%3At%2F", "ada:s3cr:t/"],
    ["s3cret", "s3cret:"],
  ]) {
    const source = `${origin.replace("://", `://${who}@`)}/x.git`;
    await assert.rejects(look(source, { isFolder: false, cache }), (error: Error) => {
      assert.match(error.message, /cannot fetch from http:\/\/127\.0\.0\.1/);
      assert.doesNotMatch(JSON.stringify(error), /s3cr/);
      return true;
    });
    const wanted = `Basic ${Buffer.from(sent ?? "").toString("base64")}`;
    assert.ok(asked.includes(wanted), asked.join("\n"));
  }
  assert.ok(seen.length > 0);
  assert.ok(!seen.some((line) => line.includes("s3cr")), seen.join("\n"));
  const kept = await expectStatus(1, "grep", ["-r", "s3cr", cache]);
  assert.equal(kept.stdout, "");
});

/** Commits `inner` as a submodule of `outer`. */
async function addSubmodule(outer: Repository, inner: Repository, path: string, url: string): Promise<void> {
  const id = await inner.git("rev-parse", "HEAD");
  mkdirSync(join(outer.directory, path), { recursive: true });
  await outer.git("config", "--file", ".gitmodules", `submodule.a ${path}.path`, path);
  await outer.git("config", "--file", ".gitmodules", `submodule.a ${path}.url`, url);
  await outer.git("add", ".gitmodules");
  await outer.git("update-index", "--add", "--cacheinfo", `160000,${id},${path}`);
  await outer.git("commit", "--quiet", "--message", "a submodule");
}

test("submodules are packed as they would be checked out, also one within another", async (t) => {
  const deep = await repository(t, { d: "deep" });
  const inner = await repository(t, { ".gitattributes": "x export-ignore\n", x: "", i: "inner" });
  await addSubmodule(inner, deep, "more", deep.directory);
  const outer = await repository(t, { a: "", "vendor-x": "", ".gitattributes": "i export-ignore\n" });
  await addSubmodule(outer, inner, "vendor", `../${inner.directory.split("/").at(-1)}`);
  const cache = scratch(t);
  const all = [
    ".gitattributes",
    ".gitmodules",
    "a",
    "vendor-x",
    "vendor/.gitattributes",
    "vendor/.gitmodules",
    "vendor/i",
    "vendor/more/d",
  ];
  const seen = await look(outer.directory, { cache });
  assert.deepEqual([...seen.files.keys()], all);
  assert.equal(seen.files.get("vendor/more/d")?.toString(), "deep");
  const url = { source: `file://${outer.directory}`, isFolder: false, cache };
  await assert.rejects(paths("", { ...url, wanted: { branch: "none" } }), { code: "no-branch" });
  assert.deepEqual(await paths("", url), all);
});

test("a submodule that cannot be had is refused, with what to do", async (t) => {
  const inner = await repository(t, { i: "" });
  const outer = await repository(t, { a: "" });
  const cache = scratch(t);
  await addSubmodule(outer, inner, "vendor/in", "/nonexistent");
  await assert.rejects(paths(outer.directory, { cache }), {
    code: "submodule",
    message: /cannot fetch the submodule vendor\/in from \/nonexistent: /,
  });
  // Once it is there, in whichever way, it is taken from there.
  await outer.git("clone", "--quiet", inner.directory, join(outer.directory, "vendor/in"));
  assert.ok((await paths(outer.directory, { cache })).includes("vendor/in/i"));
  rmSync(join(outer.directory, "vendor"), { recursive: true });
  await outer.git("config", "--file", ".gitmodules", "submodule.a vendor/in.url", inner.directory);
  await outer.git("update-index", "--cacheinfo", `160000,${"1".repeat(40)},vendor/in`);
  await outer.git("commit", "--quiet", "--message", "gone", "--", ".gitmodules");
  await outer.git("commit", "--quiet", "--allow-empty", "--message", "gone");
  await assert.rejects(paths(outer.directory, { cache }), {
    code: "submodule",
    message: /vendor\/in is a submodule, and .* does not have its commit 1111.*"vendor\/in export-ignore"/,
  });
  await outer.git("rm", "--quiet", "--cached", ".gitmodules");
  await outer.git("commit", "--quiet", "--message", "unnamed");
  await assert.rejects(paths(outer.directory, { cache }), {
    code: "submodule",
    message: /\.gitmodules does not say of which repository/,
  });
  writeFileSync(join(outer.directory, ".gitattributes"), "/vendor export-ignore\n");
  await outer.git("add", ".gitattributes");
  await outer.git("commit", "--quiet", "--message", "kept out");
  assert.deepEqual(await paths(outer.directory, { cache }), [".gitattributes", "a"]);
});

test("a command before: what it makes, changes and takes away counts, as it is", async (t) => {
  const repo = await repository(t, {
    ".gitattributes": "*.txt text eol=crlf ident export-subst\nkept-out export-ignore\n",
    ".gitignore": "made*\n",
    "a.txt": "$Id$ $Format:%H$\n",
    "gone.txt": "x",
    "kept-out": "x",
    link: { link: "a.txt" },
  });
  const command = [
    "set -e",
    "test ! -e kept-out",
    'printf "%s\\n" "$ESSAY_PROJECT $ESSAY_VERSION $ESSAY_COMMIT" >"made by us.txt"',
    "rm gone.txt",
    "mkdir empty made-folder",
    "ln -s ../../elsewhere made-folder/out",
    'printf "#!/bin/sh\\n" >run; chmod 755 run',
    "git init -q .",
    "env >made-env",
    "echo noise",
  ].join("\n");
  process.env.A_SECRET = "s3cr3t";
  const seen = await look(repo.directory, { preBuild: command }).finally(() => {
    delete process.env.A_SECRET;
  });
  assert.deepEqual(
    [...seen.files.keys()],
    [".gitattributes", ".gitignore", "a.txt", "link", "made by us.txt", "made-env", "made-folder/out", "run"],
  );
  const text = (path: string) => seen.files.get(path)?.toString() ?? "";
  assert.equal(text("a.txt"), "$Id$ $Format:%H$\n");
  assert.equal(text("made by us.txt"), `essay_demo 6.11.21.1 ${seen.commit}\n`);
  assert.deepEqual([seen.kinds.run, seen.kinds["made-folder/out"]], ["executable", "symlink"]);
  assert.doesNotMatch(text("made-env"), /s3cr3t/);
  assert.doesNotMatch(text("made-env"), /^GIT_/m);
  assert.equal(await repo.git("status", "--porcelain"), "");
});

test("a command that fails, or leaves what cannot be packed", async (t) => {
  const repo = await repository(t, { a: "" });
  const folder = scratch(t);
  const fails = (preBuild: string, expected: object) =>
    assert.rejects(look(repo.directory, { preBuild }), expected);
  process.env.TMPDIR = folder;
  try {
    await fails("echo the reason; echo why >&2; exit 3", {
      code: "hook-failed",
      message: /^the command before packing, .*, ended with status 3 on this machine$/,
      details: { stderr: "the reason\nwhy" },
    });
    await fails("mkdir b && cd b && git init -q", {
      code: "bad-file",
      message: /repository of git in b\/\.git/,
    });
    await fails("echo x >../outside; echo y >$TMPDIR/z; false", { code: "hook-failed" });
    await fails("mkfifo pipe", { code: "bad-file", message: /has left pipe, which is no file/ });
    // What it has written elsewhere is no part of it, and goes where that was ours.
    const seen = await look(repo.directory, {
      preBuild: "echo x >../outside; echo y >$TMPDIR/z; echo z >made",
    });
    assert.deepEqual([...seen.files.keys()], ["a", "made"]);
    // What it has left running ends, too, and may not hold us up.
    await look(repo.directory, { preBuild: "(trap '' TERM; exec sleep 1000) & echo $! >pid" });
  } finally {
    delete process.env.TMPDIR;
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("nothing is waited for where a command has left nothing running", async (t) => {
  const repo = await repository(t, { a: "" });
  const folder = scratch(t);
  const log = join(folder, "log");
  writeFileSync(join(folder, "ps"), `#!/bin/sh\necho asked >>${log}\nexec /usr/bin/ps "$@"\n`, {
    mode: 0o755,
  });
  const path = process.env.PATH;
  process.env.PATH = `${folder}:${path}`;
  try {
    await look(repo.directory, { preBuild: "true" });
  } finally {
    process.env.PATH = path;
  }
  assert.equal(readFileSync(log, "utf8"), "asked\n");
});
