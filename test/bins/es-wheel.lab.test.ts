import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { type LabIndex, startIndex } from "../lab/index.js";
import { identity, until } from "../lab/processes.js";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";
import { project } from "../lab/repository.js";
import { backend, packed, plainSdist, selfBuilding } from "../lab/sdist.js";
import { startSshd } from "../lab/sshd.js";
import { tiny } from "../lab/tiny.js";
import { web } from "../lab/web.js";
import { wheels } from "../lab/wheels.js";

const filename = "essay_demo-6.11.21.1-py3-none-any.whl";
let index: LabIndex;
before(async () => {
  index = await startIndex();
});
after(() => index.stop());

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** What a user has left in /tmp; users of the lab come again. */
const left = (uid: number | undefined) =>
  readdirSync("/tmp").filter((name) => /^essay\./.test(name) && lstatSync(join("/tmp", name)).uid === uid);

interface Built {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
  record: any;
  stderr: string;
  stdout: string;
  out: string;
}

async function build(
  t: TestContext,
  record: object,
  args: readonly string[] = [],
  { status = 0, env = {} as NodeJS.ProcessEnv } = {},
): Promise<Built> {
  const out = join(scratch(t), "out");
  const temporary = scratch(t);
  const ran = await expectStatus(status, "es-wheel", ["--out", out, ...args], {
    input: `${JSON.stringify(record)}\n`,
    cwd: scratch(t),
    env: { ESSAY_INDEX: index.url, TMPDIR: temporary, ...env },
  });
  assert.deepEqual(readdirSync(temporary), [], "nothing stays behind");
  return { record: recordsOf(ran.stdout)[0], stderr: ran.stderr, stdout: ran.stdout, out };
}

async function refused(t: TestContext, record: object, code: string, message: RegExp, args?: string[]) {
  const { record: failed, out, stdout } = await build(t, record, args, { status: 1 });
  assert.equal(failed.error?.code, code, stdout);
  assert.match(failed.error.message, message);
  assert.ok(!existsSync(out) || readdirSync(out).length === 0);
}

test("setuptools, from the index or the interpreter's own, builds a wheel that pip installs", async (t) => {
  const sdist = await packed(t, project);
  const { record, out } = await build(t, sdist);
  const path = join(out, filename);
  const bytes = readFileSync(path);
  assert.deepEqual(record.files, [
    sdist.files[0],
    {
      path,
      filename,
      kind: "wheel",
      name: "essay_demo",
      version: "6.11.21.1",
      size: bytes.length,
      sha256: digest(bytes),
    },
  ]);
  const target = join(scratch(t), "target");
  const pip = ["-m", "pip", "--isolated", "install", "--quiet", "--no-index", "--target", target, path];
  await expectStatus(0, "/usr/bin/python3", pip);
  assert.match(readFileSync(join(target, "essay_demo/settings.py"), "utf8"), /VERSION = "6\.11\.21\.1"/);

  const again = await build(t, record);
  assert.deepEqual(again.record.files, record.files);
  assert.equal(again.record.trace.at(-1).changed, false);

  // The interpreter's own packages are of the same versions here, so the same bytes come out; no index is asked.
  const bare = ["--no-isolation", "--python", "/usr/bin/python3"];
  const own = await build(t, sdist, bare, { env: { ESSAY_INDEX: "" } });
  assert.equal(own.record.files[1].sha256, record.files[1].sha256);
});

test("the machine's own configuration of pip does not count, nor does what lies about", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename, "import wheel"), ["wheel"]));
  const config = join(scratch(t), "pip.conf");
  writeFileSync(config, "[global]\nindex-url = http://127.0.0.1:1/simple/\n");
  const env = {
    PIP_CONFIG_FILE: config,
    PIP_INDEX_URL: "http://127.0.0.1:1/simple/",
    PIP_NO_INDEX: "1",
    PYTHONPATH: scratch(t),
  };
  writeFileSync(join(env.PYTHONPATH, "wheel.py"), "raise SystemExit('the wrong one')");
  await build(t, sdist, [], { env });
});

test("on a build host: a password reaches the index, and no process list, record or message; nothing stays", async (t) => {
  const secret = "s3cr:t/@%";
  const directory = await wheels();
  const wheel = readdirSync(directory).find((file) => file.startsWith("wheel-")) as string;
  const wanted = `Basic ${Buffer.from(`ada:${secret}`).toString("base64")}`;
  const asked: string[] = [];
  const origin = await web(t, (request, response) => {
    asked.push(`${request.url} ${request.headers.authorization === wanted}`);
    if (request.headers.authorization !== wanted)
      response.writeHead(401, { "www-authenticate": "Basic" }).end();
    else if (request.url === "/simple/wheel/")
      response
        .setHeader("content-type", "text/html")
        .end(`<!DOCTYPE html><html><body><a href="/f/${wheel}">${wheel}</a></body></html>`);
    else response.end(readFileSync(join(directory, wheel)));
  });
  const look = `
lines = []
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        lines.append(open(f"/proc/{process}/cmdline").read())
    except OSError:
        pass
assert any("pip" in line for line in lines)
assert not any("s3cr" in line for line in lines), "seen in a process list"`;
  const sdist = await packed(t, selfBuilding(backend(filename, look), ["wheel"]));
  const home = scratch(t);
  const netrc = join(home, ".netrc");
  writeFileSync(netrc, `machine 127.0.0.1 login ada password "${secret}"\n`, { mode: 0o600 });
  const lab = await startSshd({ hosts: 1 });
  t.after(() => lab.stop());
  const [there] = lab.hosts;
  const env = {
    ESSAY_INDEX: `${origin}/simple/`,
    HOME: home,
    NETRC: "",
    ESSAY_SSH_CONFIG: lab.sshConfig,
  };
  const before = left(there?.uid).length;
  const on = ["--on", there?.entry ?? ""];
  const { stdout, stderr, record, out } = await build(t, sdist, ["-v", ...on], { env });
  assert.equal(record.files[1].path, join(out, filename));
  assert.equal(digest(readFileSync(join(out, filename))), record.files[1].sha256);
  assert.ok(asked.includes(`/f/${wheel} true`), asked.join("\n"));
  assert.ok(!`${stdout}${stderr}`.includes("s3cr"), stderr);
  await until("the end of what ran there", () => left(there?.uid).length <= before);

  const failed = await build(t, sdist, ["--python", "python9", ...on], { status: 1, env });
  assert.equal(failed.record.error.message, `${there?.entry}: there is no python9, or it is not in PATH`);
});

test("what the index lacks is said by name; an index that lets pip not in is not one without it", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename), ["nosuchthing>=3"]));
  await refused(
    t,
    sdist,
    "build-failed",
    /the build needs nosuchthing>=3, which the index does not have: .*es-fetch 'nosuchthing>=3' \| es-upload, or .*--no-isolation/,
  );
  const closed = await web(t, (_, response) =>
    response.writeHead(401, { "www-authenticate": "Basic" }).end(),
  );
  await refused(t, sdist, "auth-failed", /password|credentials/, ["--index", `${closed}/simple/`]);
});

test("a build that breaks tells its error", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename, "raise ValueError('no luck')")));
  await refused(
    t,
    sdist,
    "build-failed",
    /cannot build a wheel of essay_demo-6\.11\.21\.1\.tar\.gz: ValueError: no luck/,
  );
});

test("a wheel of another version or project is no release", async (t) => {
  const other = await packed(t, selfBuilding(backend("essay_demo-1.0-py3-none-any.whl")));
  await refused(
    t,
    other,
    "wrong-version",
    /builds essay_demo-1\.0-py3-none-any\.whl, which is not of version 6/,
  );
});

test("a sdist that is not what the record says is not built", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename)));
  appendFileSync(sdist.files[0].path, "x");
  await refused(t, sdist, "file-changed", /is not the file that the record describes/);
  await refused(
    t,
    { ...sdist, version: "6.11.21.2" },
    "disagreement",
    /version 6\.11\.21\.2, its sdist of 6/,
  );
  const [file] = sdist.files;
  await refused(t, { ...sdist, files: [{ ...file, path: `${file.path}.gone` }] }, "no-file", /is not there/);
  await refused(t, { ...sdist, files: [] }, "no-sdist", /es-sdist makes one/);
  await refused(t, { project: "essay_demo", version: "1.0" }, "no-sdist", /no sdist/);
});

test("interpreters that cannot build are named", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename)));
  await refused(t, sdist, "no-program", /there is no python9, or it is not in PATH/, ["--python", "python9"]);
  const venv = join(scratch(t), "venv");
  await expectStatus(0, "/usr/bin/python3", ["-m", "venv", "--without-pip", venv]);
  const python = join(venv, "bin/python");
  await refused(t, sdist, "no-pip", /has no pip/, ["--python", python]);
});

test("a build that takes too long is ended with all that it has started", async (t) => {
  const pid = join(scratch(t), "pid");
  const slow = `
import subprocess
subprocess.run(["sh", "-c", "trap '' TERM; echo $$ > ${pid}; while :; do sleep 0.1; done"])`;
  const sdist = await packed(t, selfBuilding(backend(filename, slow)));
  await refused(t, sdist, "timeout", /did not end within 12 s/, ["--timeout", "12"]);
  const started = Number(readFileSync(pid, "utf8"));
  await until("the end of the build", () => identity(started) === undefined);
});

test("a dry run builds nothing", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename)));
  const { record, out } = await build(t, sdist, ["--dry-run"]);
  assert.deepEqual(record.files, sdist.files);
  assert.equal(record.trace.at(-1).changed, true);
  assert.ok(!existsSync(out));
  await build(t, { project: "essay_demo", version: "1.0", plan: true });
});

/** A project that depends on others. */
const depending = (...requirements: string[]) =>
  selfBuilding(
    backend(
      filename,
      "pass",
      requirements.map((each) => `Requires-Dist: ${each}`),
    ),
  );

test("--deps: the wheels of all that it depends on, from one resolution", async (t) => {
  tiny(index.directory, "1.0", "Leaf");
  tiny(index.directory, "1.1", "Leaf");
  tiny(index.directory, "1.0", "branch", "", ["Requires-Dist: leaf>=1.0"]);
  plainSdist(scratch(t), index.directory, "onlysdist");
  const sdist = await packed(t, depending("branch", "onlysdist==1.0"));
  const { record, out, stderr } = await build(t, sdist, ["--deps"]);
  const said = (files: { filename: string; kind: string; name: string; version: string }[]) =>
    files.map(({ filename, kind, name, version }) => [filename, kind, name, version].join(" "));
  assert.deepEqual(said(record.files).sort(), [
    "Leaf-1.1-py3-none-any.whl wheel Leaf 1.1",
    "branch-1.0-py3-none-any.whl wheel branch 1.0",
    "essay_demo-6.11.21.1-py3-none-any.whl wheel essay_demo 6.11.21.1",
    "essay_demo-6.11.21.1.tar.gz sdist essay_demo 6.11.21.1",
    "onlysdist-1.0-py3-none-any.whl wheel onlysdist 1.0",
  ]);
  assert.equal(record.files[1].filename, filename);
  assert.deepEqual(
    readdirSync(out).sort(),
    record.files
      .slice(1)
      .map((file: { filename: string }) => file.filename)
      .sort(),
  );
  for (const { path, size, sha256 } of record.files) {
    const bytes = readFileSync(path);
    assert.deepEqual([size, sha256], [bytes.length, digest(bytes)]);
  }
  assert.match(stderr, /essay_demo-6\.11\.21\.1-py3-none-any\.whl, .*Leaf-1\.1-py3-none-any\.whl.* built/);

  const env = { ESSAY_INDEX: "http://127.0.0.1:1/simple/" };
  const again = await build(t, record, ["--deps"], { env });
  assert.deepEqual([again.record.files, again.record.trace.at(-1).changed], [record.files, false]);

  // A file is gone, another was never named, and the index has moved on: the release stays what it was.
  tiny(index.directory, "1.2", "Leaf");
  tiny(index.directory, "1.1+fixbug", "Leaf");
  rmSync(join(out, "Leaf-1.1-py3-none-any.whl"));
  const files = record.files.filter(({ name }: { name: string }) => name !== "branch");
  const mended = await build(t, { ...record, files }, ["--deps"]);
  assert.deepEqual(said(mended.record.files).sort(), said(record.files).sort());
  assert.ok(existsSync(join(mended.out, "Leaf-1.1-py3-none-any.whl")));
});

test("--deps of a project that needs nothing: the second time no index is asked", async (t) => {
  const { record } = await build(t, await packed(t, depending()), ["--deps"]);
  const env = { ESSAY_INDEX: "http://127.0.0.1:1/simple/" };
  const again = await build(t, record, ["--deps"], { env });
  assert.deepEqual([again.record.files, again.record.trace.at(-1).changed], [record.files, false]);
});

test("--deps: a record whose other files pip could read otherwise", async (t) => {
  const sdist = await packed(t, depending());
  const name = "leaf\n--index-url http://127.0.0.1:1/";
  const files = [...sdist.files, { ...sdist.files[0], filename: "leaf-1.0.tar.gz", name }];
  await refused(t, { ...sdist, files }, "bad-argument", /is not NAME==VERSION/, ["--deps"]);
});

test("--deps: what does not go together, or is nowhere, is told, and no file is left", async (t) => {
  tiny(index.directory, "1.0", "strict", "", ["Requires-Dist: leaf<1.1"]);
  tiny(index.directory, "1.1", "Leaf");
  const conflict = await packed(t, depending("strict", "leaf==1.1"));
  await refused(
    t,
    conflict,
    "conflict",
    /do not go together: .*leaf==1\.1; strict 1\.0 depends on leaf<1\.1/,
    ["--deps"],
  );
  const nowhere = await packed(t, depending("nosuchthing>=3"));
  await refused(
    t,
    nowhere,
    "version-not-found",
    /the index has no nosuchthing>=3, which essay-demo needs, for this Python/,
    ["--deps"],
  );
});

test("a build that needs a compiler which is not there says so", async (t) => {
  const extension = {
    "pyproject.toml":
      '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n[project]\nname = "essay_demo"\nversion = "0"\n',
    "setup.py":
      "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('essay_demo', ['essay_demo.c'])])\n",
    "essay_demo.c": "int x;\n",
  };
  const sdist = await packed(t, extension);
  const args = ["--no-isolation", "--python", "/usr/bin/python3"];
  const { record } = await build(t, sdist, args, { status: 1, env: { CC: "/nowhere/gcc" } });
  assert.equal(record.error.code, "build-failed");
  assert.match(
    record.error.message,
    /: essay-demo: the build needs \/nowhere\/gcc, which is not there: install a compiler/,
  );
  assert.match(record.error.stderr, /error: command '\/nowhere\/gcc' failed: No such file/);
});

test("a pip that is too old is told by what it does not know", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename)));
  const python = join(scratch(t), "python");
  writeFileSync(
    python,
    '#!/bin/sh\n[ "$1" != -c ] || exit 0\necho "no such option: --index-url" >&2\nexit 2\n',
  );
  chmodSync(python, 0o755);
  await refused(t, sdist, "old-pip", /this pip is too old: it does not know --index-url/, [
    "--python",
    python,
  ]);
});
