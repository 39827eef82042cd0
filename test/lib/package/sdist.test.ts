import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { withCheckout } from "../../../lib/package/checkout.js";
import { writeSdist } from "../../../lib/package/sdist.js";
import { requestFor, runHere } from "../../lab/checkout.js";
import { expectStatus, scratch } from "../../lab/program.js";
import { commitTime, type Files, project, Repository, repository } from "../../lab/repository.js";

const { signal } = new AbortController();
const top = "essay_demo-6.11.21.1/";

interface Packed {
  path: string;
  sha256: string;
  commit: string;
}

async function pack(repo: Repository, out: string, settings: readonly string[] = []): Promise<Packed> {
  return withCheckout(runHere, requestFor(repo.directory, { settings }), async (checkout) => {
    const request = {
      project: "Essay-Demo",
      version: "6.11.21.1",
      released: "2026-11-21T08:00:00Z",
      checkout,
      settings,
      out,
    };
    const { file } = await writeSdist(request, signal);
    return { path: file.path, sha256: file.sha256, commit: checkout.commit };
  });
}

interface Member {
  name: string;
  mode: number;
  link: string | null;
  mtime: number;
  owner: [number, number, string, string];
  text: string | null;
}

/** The members of an archive as Python's tarfile, which pip uses, sees them. */
async function members(path: string): Promise<Member[]> {
  const script = `
import json, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    print(json.dumps([dict(name=m.name, mode=m.mode, link=m.linkname if m.issym() else None, mtime=m.mtime,
        owner=[m.uid, m.gid, m.uname, m.gname],
        text=archive.extractfile(m).read().decode("utf-8", "replace") if m.isfile() else None) for m in archive]))`;
  return JSON.parse((await expectStatus(0, "python3", ["-c", script, path])).stdout);
}

async function textsOf(path: string): Promise<Record<string, string | null>> {
  return Object.fromEntries((await members(path)).map(({ name, text }) => [name.slice(top.length), text]));
}

test("names, modes, owners and times are fixed; odd names and links come through", async (t) => {
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
    "binary.bin": Buffer.from([0, 255, 10, 13, 128]),
    "big.bin": Buffer.alloc(3_000_000, "x"),
    "PKG-INFO": "not this one",
  };
  const repo = await repository(t, odd);
  chmodSync(join(repo.directory, "a b.txt"), 0o600);
  const out = scratch(t);
  const all = await members((await pack(repo, out)).path);
  assert.deepEqual(readdirSync(out), ["essay_demo-6.11.21.1.tar.gz"]);
  assert.deepEqual(
    all.map(({ name }) => name),
    Object.keys(odd)
      .map((name) => top + name)
      .sort((a, b) => Buffer.from(a).compare(Buffer.from(b))),
  );
  for (const { name, mode, link, mtime, owner } of all) {
    assert.equal(mtime, commitTime, name);
    assert.deepEqual(owner, [0, 0, "", ""], name);
    if (link === null) assert.equal(mode, name.endsWith("run.sh") ? 0o755 : 0o644, name);
  }
  const member = (name: string) => all.find((each) => each.name === top + name);
  assert.equal(member("essay_demo/link.py")?.link, "settings.py");
  assert.equal(member("essay_demo/up")?.link, "../ünï/Ω");
  assert.equal(member("big.bin")?.text?.length, 3_000_000);
  assert.match(
    member("PKG-INFO")?.text ?? "",
    /^Metadata-Version: 2\.1\nName: essay_demo\nVersion: 6\.11\.21\.1\n/,
  );
});

test("another clone gives the same bytes, whatever it is told and lies about in it", async (t) => {
  const repo = await repository(t, {
    ...project,
    ".gitattributes": "*.txt export-subst eol=crlf\nignored export-ignore\n",
    "v.txt": "$Format:%H %d$\nline\n",
    ignored: "x",
  });
  const clone = new Repository(join(scratch(t), "clone"));
  await repo.git("clone", "--quiet", repo.directory, clone.directory);
  await clone.git("config", "core.autocrlf", "true");
  await clone.git("config", "tar.umask", "0077");
  await clone.git("tag", "here");
  writeFileSync(join(clone.directory, ".git/info/attributes"), "essay_demo export-ignore\n");
  clone.write({ "essay_demo/settings.py": "dirty", untracked: "x", staged: "x" });
  await clone.git("add", "staged");
  const [one, two] = [await pack(repo, scratch(t)), await pack(clone, scratch(t))];
  assert.deepEqual(readFileSync(two.path), readFileSync(one.path));
  assert.equal(two.sha256, one.sha256);
  const texts = await textsOf(one.path);
  assert.equal(texts["v.txt"], "$Format:%H %d$\nline\n");
  for (const name of ["ignored", "untracked", "staged"]) assert.ok(!(name in texts), name);
});

test("an object that git was told to take for another has no part in it", async (t) => {
  const repo = await repository(t);
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("replace", await repo.commit({ "essay_demo/later.py": "" }), first);
  assert.ok("essay_demo/later.py" in (await textsOf((await pack(repo, scratch(t))).path)));
});

test("packages of any name, setup.py and further files are rendered, only in the archive", async (t) => {
  const files: Files = {
    "setup.py": "setup(name='essay_demo', version='${version}')\n",
    "src/web/__init__.py": "",
    "src/web/settings/__init__.py": "V = '${git_version}' # ${HOME}\n",
    "docs/settings.py": "${version}",
    "conf/app.ini": "${release_time}",
  };
  const repo = await repository(t, files);
  const { path, commit } = await pack(repo, scratch(t), ["conf/app.ini"]);
  const texts = await textsOf(path);
  assert.equal(texts["setup.py"], "setup(name='essay_demo', version='6.11.21.1')\n");
  assert.equal(texts["src/web/settings/__init__.py"], `V = '${commit}' # \${HOME}\n`);
  assert.equal(texts["docs/settings.py"], "${version}");
  assert.equal(texts["conf/app.ini"], "2026-11-21 08:00:00");
  assert.equal(texts["PKG-INFO"], "Metadata-Version: 2.1\nName: Essay-Demo\nVersion: 6.11.21.1\n");
  assert.equal(await repo.git("status", "--porcelain"), "");
});

test("the readme becomes the description, rendered where it is", async (t) => {
  const toml = '[project]\nname = "essay_demo"\nversion = "0"\nreadme = "README.md"\n';
  const repo = await repository(t, { "pyproject.toml": toml, "README.md": "# Demo ${version}\n" });
  const text = (await textsOf((await pack(repo, scratch(t), ["README.md"])).path))["PKG-INFO"];
  assert.match(text ?? "", /\nDescription-Content-Type: text\/markdown\n\n# Demo 6\.11\.21\.1\n$/);
});

async function refused(t: TestContext, files: Files, code: string, message: RegExp, settings?: string[]) {
  const repo = await repository(t, files);
  const out = scratch(t);
  await assert.rejects(pack(repo, out, settings), (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.stack);
    assert.match(error.message, message);
    return true;
  });
  assert.deepEqual(readdirSync(out), [], "nothing stays behind");
}

test("what cannot be packed is refused by name, and leaves nothing behind", async (t) => {
  const more = (files: Files) => ({ ...project, ...files });
  const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12\n`;
  const toml = (rest: string) => more({ "pyproject.toml": `[project]\nversion = "1"\n${rest}` });
  await refused(t, more({ "z/out": { link: "../../passwd" } }), "bad-link", /link z\/out leads out/);
  await refused(t, more({ "z/out": { link: "/etc/passwd" } }), "bad-link", /to \/etc\/passwd/);
  await refused(
    t,
    more({ "model.bin": lfs }),
    "lfs-pointer",
    /model\.bin is kept in Git LFS, .*"model\.bin export-ignore" in \.gitattributes$/,
  );
  await refused(t, { "README.md": "x" }, "no-build-files", /neither pyproject\.toml nor setup\.py/);
  await refused(t, toml('name = "other"\n'), "wrong-project", /of the project other, not of Essay-Demo/);
  await refused(t, toml("name = [\n"), "bad-pyproject", /^pyproject\.toml:\d: /);
  await refused(
    t,
    toml('readme = "READ.md"\n'),
    "no-file",
    /readme READ\.md, which the commit does not have/,
  );
  await refused(t, project, "no-file", /build\.settings names conf/, ["conf"]);
  await refused(t, more({ "setup.py": { link: "run.py" } }), "bad-file", /setup\.py is a symbolic link/);
  await refused(t, more({ "essay_demo/settings.py": "${versoin}" }), "unknown-placeholder", /settings\.py:1/);
  await refused(t, more({ "essay_demo/__init__.py": "${version}" }), "unrendered", /build\.settings/);
});
