import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { type LabIndex, startIndex } from "../lab/index.js";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";
import { project } from "../lab/repository.js";
import { backend, packed, selfBuilding } from "../lab/sdist.js";
import { web } from "../lab/web.js";
import { wheels } from "../lab/wheels.js";

const filename = "essay_demo-6.11.21.1-py3-none-any.whl";
let index: LabIndex;
before(async () => {
  index = await startIndex();
});
after(() => index.stop());

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

test("setuptools from the index builds a wheel that pip installs", async (t) => {
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
      sha256: createHash("sha256").update(bytes).digest("hex"),
    },
  ]);
  const target = join(scratch(t), "target");
  const pip = ["-m", "pip", "--isolated", "install", "--quiet", "--no-index", "--target", target, path];
  await expectStatus(0, "/usr/bin/python3", pip);
  assert.match(readFileSync(join(target, "essay_demo/settings.py"), "utf8"), /VERSION = "6\.11\.21\.1"/);

  const again = await build(t, record);
  assert.deepEqual(again.record.files, record.files);
  assert.equal(again.record.trace.at(-1).changed, false);
  assert.equal((await build(t, sdist)).record.files[1].sha256, record.files[1].sha256);
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

test("a password reaches the index, and no process list, record or message", async (t) => {
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
  const env = { ESSAY_INDEX: `${origin}/simple/`, HOME: home, NETRC: "" };
  const { stdout, stderr } = await build(t, sdist, ["-v"], { env });
  assert.ok(asked.includes(`/f/${wheel} true`), asked.join("\n"));
  assert.ok(!`${stdout}${stderr}`.includes("s3cr"), stderr);
});

test("what the index lacks is said by name", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename), ["nosuchthing>=3"]));
  await refused(t, sdist, "build-failed", /No matching distribution found for nosuchthing>=3/);
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

test("without isolation the interpreter's own packages build, and no index is asked", async (t) => {
  const sdist = await packed(t, project);
  const env = { ESSAY_INDEX: "" };
  await build(t, sdist, ["--no-isolation", "--python", "/usr/bin/python3"], { env });
});

test("a sdist that is not what the record says is not built", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename)));
  appendFileSync(sdist.files[0].path, "x");
  await refused(t, sdist, "hash-mismatch", /is not the file that the record describes/);
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
  await refused(t, sdist, "no-program", /no python9 on this machine/, ["--python", "python9"]);
  const venv = join(scratch(t), "venv");
  await expectStatus(0, "/usr/bin/python3", ["-m", "venv", "--without-pip", venv]);
  const python = join(venv, "bin/python");
  await refused(t, sdist, "no-pip", /has no pip/, ["--python", python]);
});

test("a build that takes too long is ended with all that it has started", async (t) => {
  const mark = join(scratch(t), "alive");
  const slow = `
import subprocess
subprocess.run(["sh", "-c", "trap '' TERM; while :; do date +%s.%N > ${mark}; sleep 0.1; done"])`;
  const sdist = await packed(t, selfBuilding(backend(filename, slow)));
  await refused(t, sdist, "timeout", /did not end within 4 s/, ["--timeout", "4"]);
  const last = readFileSync(mark, "utf8");
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(readFileSync(mark, "utf8"), last);
});

test("a dry run builds nothing", async (t) => {
  const sdist = await packed(t, selfBuilding(backend(filename)));
  const { record, out } = await build(t, sdist, ["--dry-run"]);
  assert.deepEqual(record.files, sdist.files);
  assert.equal(record.trace.at(-1).changed, true);
  assert.ok(!existsSync(out));
  await build(t, { project: "essay_demo", version: "1.0", plan: true });
});
