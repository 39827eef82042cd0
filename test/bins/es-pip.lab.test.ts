import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import { fetchPage } from "../lab/http.js";
import { type LabIndex, startIndex } from "../lab/index.js";
import { identity, until } from "../lab/processes.js";
import { bins, expectStatus, type RunOptions, recordsOf, scratch, shell } from "../lab/program.js";
import { backend, packed, plainSdist, selfBuilding } from "../lab/sdist.js";
import { pathOf, shells } from "../lab/shells.js";
import { tiny } from "../lab/tiny.js";
import { web } from "../lab/web.js";

let index: LabIndex;
/** Home directories with a virtualenv that all others are copies of. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
const first = { home: "", withTiny: "", record: {} as any };

before(async () => {
  index = await startIndex();
  tiny(index.directory, "1.0");
  tiny(index.directory, "1.0.5");
  await expectStatus(0, "es-index", ["yank", index.directory, "tiny", "1.0.5", "--reason", "broken"]);
  tiny(index.directory, "1.1");
  tiny(index.directory, "1.1+fixbug");
  tiny(index.directory, "3.0", "picky", "", ["Requires-Python: >=3.99"]);
  tiny(index.directory, "1.0", "needs", "", ["Requires-Dist: tiny>=1.0,<1.1"]);
  tiny(index.directory, "2.0", "needs", "", ["Requires-Dist: nosuchdist"]);
  tiny(index.directory, "1.0", "third");
  // Only an sdist, which setuptools must build.
  tiny(index.directory, "1.0", "built");
  rmSync(join(index.directory, "built-1.0-py3-none-any.whl"));
  first.home = realpathSync(mkdtempSync(join(tmpdir(), "essay-home-")));
  first.record = await made(first.home);
});

after(async () => {
  await index.stop();
  for (const home of [first.home, first.withTiny]) rmSync(home, { recursive: true, force: true });
  for (const pip of compiled.values()) rmSync(dirname(pip), { recursive: true });
});

const compiled = new Map<string, string>();

/** Gives a virtualenv pip's modules as they were compiled once: each new pip would compile them for seconds. */
function warm(venv: string, site: string): void {
  const pip = readdirSync(site).find((name) => /^pip-.*\.dist-info$/.test(name)) ?? "";
  const known = compiled.get(pip) ?? join(mkdtempSync(join(tmpdir(), "essay-pip-")), "pip");
  if (!compiled.has(pip)) {
    compiled.set(pip, known);
    cpSync(join(site, "pip"), known, { recursive: true });
    const mode = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"];
    execFileSync(join(venv, "bin/python"), [...mode, known]);
  }
  cpSync(known, join(site, "pip"), { recursive: true });
}

/** Makes a virtualenv in a home directory, and what es-venv says of it. */
async function made(home: string, env: NodeJS.ProcessEnv = {}) {
  const ran = await expectStatus(0, "es-venv", ["--prefix", join(home, "srv"), "a"], {
    input: `${JSON.stringify({ host: "@local", transport: "local" })}\n`,
    cwd: home,
    env: { HOME: home, ...env },
  });
  const { trace: _, ...record } = recordsOf(ran.stdout)[0];
  const { venv, site } = placesIn(home);
  warm(venv, site);
  return record;
}

function placesIn(home: string) {
  const venv = join(home, "srv/a");
  const lib = join(venv, "lib");
  const site = join(lib, readdirSync(lib).find((name) => /^python3/.test(name)) ?? "", "site-packages");
  return { home, venv, site };
}

/** A private home directory with the virtualenv of another one. */
function copyOf(t: TestContext, from: string) {
  const home = realpathSync(scratch(t));
  execFileSync("cp", ["-a", "--reflink=auto", join(from, "srv"), home]);
  const places = placesIn(home);
  const own = { prefix: join(home, "srv"), venv: { name: "a", path: places.venv } };
  return { ...places, record: { ...first.record, ...own } };
}

/** A private home directory with a virtualenv; a copy of the first one, unless it is to be made in another way. */
async function deployed(t: TestContext, env?: NodeJS.ProcessEnv) {
  if (!env) return copyOf(t, first.home);
  const home = realpathSync(scratch(t));
  const record = await made(home, env);
  return { ...placesIn(home), record };
}
type Deployed = Awaited<ReturnType<typeof deployed>>;

/** The same with tiny 1.0, which is installed once. */
async function withTiny(t: TestContext): Promise<Deployed> {
  if (first.withTiny !== "") return copyOf(t, first.withTiny);
  const at = await deployed(t);
  await run(at, 0, ["tiny==1.0"]);
  first.withTiny = mkdtempSync(join(tmpdir(), "essay-home-"));
  execFileSync("cp", ["-a", "--reflink=auto", join(at.home, "srv"), first.withTiny]);
  return at;
}

/** Runs es-pip for a virtualenv, with the lab's index. */
async function run(
  at: Deployed,
  status: number,
  args: string[],
  options: RunOptions & { record?: object } = {},
) {
  const ran = await expectStatus(status, "es-pip", args, {
    input: `${JSON.stringify({ ...at.record, ...options.record })}\n`,
    cwd: at.home,
    limit: 120_000,
    ...options,
    env: { HOME: at.home, ESSAY_INDEX: index.url, ...options.env },
  });
  const [record] = recordsOf(ran.stdout);
  return { ...ran, record, entry: record?.trace?.at(-1), error: record?.error };
}

/** What is installed, as the folders of metadata say. */
function installed({ site }: Deployed): string[] {
  const infos = readdirSync(site).map((name) => /^([^~-][^-]*)-(.*)\.dist-info$/.exec(name));
  return infos
    .flatMap((info) =>
      info && !/^(pip|setuptools|wheel)$/.test(info[1] ?? "") ? [`${info[1]}==${info[2]}`] : [],
    )
    .sort();
}

const mark = ({ venv }: Deployed) => join(venv, ".essay/changing");
const generation = ({ venv }: Deployed) => Number(readFileSync(join(venv, ".essay/generation"), "utf8"));

test("a version is installed, and looked at; then nothing is done, and pip is not started", async (t) => {
  const at = await deployed(t);
  const first = await run(at, 0, ["tiny==1.0"]);
  assert.deepEqual(
    [first.record.project, first.record.version, first.record.installed, first.entry.changed],
    ["tiny", "1.0", { tiny: "1.0" }, true],
  );
  assert.match(first.stderr, /^@local {2}es-pip {2}tiny 1\.0 installed {2}/m);
  assert.deepEqual(installed(at), ["tiny==1.0"]);
  assert.ok(!existsSync(mark(at)));
  assert.equal(generation(at), 2);
  // A pip that would fail, and an index that is not there.
  writeFileSync(join(at.site, "pip/__main__.py"), "raise SystemExit('started')\n");
  const again = await run(at, 0, ["Tiny==1.0"], { env: { ESSAY_INDEX: "http://127.0.0.1:1/" } });
  assert.deepEqual([again.entry.changed, again.record.installed], [false, { Tiny: "1.0" }]);
  assert.match(again.stderr, /Tiny 1\.0 already there/);
  assert.equal(generation(at), 2);
});

test("up and down, a label, a yanked version, and never a local version for the version itself", async (t) => {
  const at = await deployed(t);
  await run(at, 0, ["tiny==1.1"]);
  assert.deepEqual(installed(at), ["tiny==1.1"]);
  const label = await run(at, 0, ["tiny==1.1-fixbug"]);
  assert.match(label.stderr, /^es-pip: 1\.1-fixbug is read as 1\.1\+fixbug$/m);
  assert.deepEqual([installed(at), label.record.version], [["tiny==1.1+fixbug"], "1.1+fixbug"]);
  const back = await run(at, 0, ["tiny==1.1"]);
  assert.equal(back.entry.changed, true);
  assert.deepEqual(installed(at), ["tiny==1.1"]);
  const yanked = await run(at, 0, ["tiny==1.0.5"]);
  assert.match(yanked.stderr, / {2}tiny 1\.0\.5 installed; tiny 1\.0\.5 is yanked {2}/);
  assert.deepEqual(installed(at), ["tiny==1.0.5"]);
});

test("a version that is not there: the index and its latest are named, nothing is touched", async (t) => {
  const at = await deployed(t);
  const { error } = await run(at, 1, ["tiny==99.0"]);
  assert.deepEqual(
    [error.step, error.code, error.message],
    ["es-pip", "version-not-found", `no tiny 99.0 on ${index.url} (latest is 1.1+fixbug)`],
  );
  const unknown = (await run(at, 1, ["nosuchdist==1.0"])).error;
  assert.equal(unknown.message, `no nosuchdist 1.0 on ${index.url} (pip finds none there for this Python)`);
  assert.ok(!existsSync(mark(at)));
  assert.equal(generation(at), 1);
});

test("several: all or nothing", async (t) => {
  const at = await deployed(t);
  const failed = await run(at, 1, ["tiny==1.0", "needs==99.0"]);
  assert.equal(failed.error.code, "version-not-found");
  assert.deepEqual(installed(at), []);
  const both = await run(at, 0, ["tiny==1.0", "needs==1.0"]);
  assert.deepEqual(both.record.installed, { tiny: "1.0", needs: "1.0" });
  assert.deepEqual([both.record.project, both.record.version], ["tiny", "1.0"]);
  assert.match(both.stderr, /tiny 1\.0 installed, needs 1\.0 installed/);
  const one = await run(at, 0, ["needs==1.0", "tiny==1.0", "third==1.0"], { record: { project: "third" } });
  assert.match(one.stderr, / {2}third 1\.0 installed {2}/);
  assert.deepEqual([one.record.project, one.record.version], ["third", "1.0"]);
});

test("dependencies come along; one that is nowhere is told by its name", async (t) => {
  const at = await deployed(t);
  await run(at, 0, ["needs==1.0"]);
  assert.deepEqual(installed(at), ["needs==1.0", "tiny==1.0"]);
  const { error } = await run(at, 1, ["needs==2.0"]);
  assert.equal(error.code, "version-not-found");
  assert.match(error.message, /^no nosuchdist /);
  assert.deepEqual(installed(at), ["needs==1.0", "tiny==1.0"]);
  assert.ok(!existsSync(mark(at)));
});

test("versions that do not go together", async (t) => {
  const at = await deployed(t);
  const conflict = (await run(at, 1, ["needs==1.0", "tiny==1.1"])).error;
  assert.equal(conflict.code, "conflict");
  assert.match(conflict.message, /^these do not go together: .*tiny===1\.1; needs 1\.0 depends on tiny<1\.1/);
  assert.deepEqual(installed(at), []);
});

test("versions that do not go together, and a pip before 20.3, which installs them and says so", async (t) => {
  const at = await deployed(t);
  rmSync(join(at.site, "pip/__pycache__"), { recursive: true });
  const says =
    "ERROR: needs 1.0 has requirement tiny<1.1,>=1.0, but you'll have tiny 1.1 which is incompatible.";
  writeFileSync(join(at.site, "pip/__main__.py"), `print(${JSON.stringify(says)})\n`);
  const { error } = await run(at, 1, ["needs==1.0", "tiny==1.1"]);
  assert.deepEqual(
    [error.code, error.message],
    ["conflict", `these do not go together: ${says.slice(7, -1)}`],
  );
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
});

test("a version for another Python, whether the index says so or not", async (t) => {
  const at = await deployed(t);
  const wheel = "picky-3.0-py3-none-any.whl";
  const silent = await web(t, (request, response) => {
    if (request.url?.endsWith(wheel)) return void response.end(readFileSync(join(index.directory, wheel)));
    response.setHeader("content-type", "text/html");
    response.end(`<a href="/${wheel}">${wheel}</a>`);
  });
  for (const [url, what] of [
    [index.url, "picky 3.0"],
    [`${silent}/`, "picky"],
  ] as const) {
    const { error } = await run(at, 1, ["picky==3.0", "--index", url]);
    assert.equal(error.code, "requires-python");
    assert.match(
      error.message,
      new RegExp(`^${what} is for Python >=3\\.99 only, and ${at.venv} is of Python 3\\.\\d`),
    );
  }
  assert.deepEqual(installed(at), []);
  assert.ok(!existsSync(mark(at)));
});

for (const requirement of [
  "x; touch owned",
  "tiny==1.0; touch owned",
  "tiny==$(touch owned)",
  "tiny==1.0 --index-url http://127.0.0.1:1/",
  "tiny==1.0\n--index-url http://127.0.0.1:1/",
  "tiny>=1.0",
  "./tiny",
  "-e.",
])
  test(`${JSON.stringify(requirement)} is a mistake, and touches nothing`, async (t) => {
    const home = scratch(t);
    const input = `${JSON.stringify({ host: "@local", transport: "local", venv: { name: "a", path: home } })}\n`;
    const ran = await expectStatus(2, "es-pip", [requirement], { cwd: home, input });
    assert.equal(ran.stdout, "");
    assert.deepEqual(readdirSync(home), []);
  });

test("other mistakes of the command line", async (t) => {
  const home = scratch(t);
  const mistake = async (...args: string[]) =>
    (await expectStatus(2, "es-pip", args, { cwd: home, input: "" })).stderr;
  assert.match(await mistake(), /say what to install: NAME==VERSION, -r FILE, or --release FILE/);
  assert.match(await mistake("tiny==1.0", "--release", "x"), /say what to install/);
  assert.match(await mistake("tiny==1.0", "Tiny==1.1"), /tiny is asked for twice/);
  assert.match(await mistake("tiny==1.0", "--index", "nosuch"), /nosuch is neither the URL of an index nor/);
  assert.match(await mistake("--uninstall", "tiny@latest"), /"tiny@latest" is no name of a distribution/);
  assert.match(await mistake("--release", "no.jsonl"), /cannot read no\.jsonl: ENOENT/);
});

test("an index by its name in the configuration, by the record, and none at all", async (t) => {
  const at = await deployed(t);
  writeFileSync(join(at.home, "essay.toml"), `[index.lab]\nurl = "${index.url}"\n`);
  const env = { ESSAY_INDEX: "" };
  await run(at, 0, ["tiny==1.0", "--index", "lab"], { env });
  await run(at, 0, ["tiny==1.1"], { env, record: { index: "lab" } });
  const { error } = await run(at, 1, ["tiny==1.0"], { env });
  assert.equal(error.code, "not-configured");
  assert.match(error.message, /^no index\.url: say it by --index, /);
  const wrong = (await run(at, 1, ["tiny==1.0"], { env, record: { index: "lap" } })).error;
  assert.deepEqual([wrong.code, /did you mean lab\?/.test(wrong.message)], ["bad-argument", true]);
  assert.equal((await run(at, 1, ["tiny==1.0"], { record: { index: "ftp://a/" } })).error.code, "bad-index");
});

/** A release record in a file. */
function release(at: Deployed, files: ReleaseFile[], more: object = {}): string {
  const file = join(at.home, "release.jsonl");
  const commit = "0123456789012345678901234567890123456789";
  const { name, version } = files[0] as ReleaseFile;
  const record = { project: name, version, commit, files, index: index.url, ...more };
  writeFileSync(file, `${JSON.stringify(record)}\n`);
  return file;
}

const wheelOf = (files: ReleaseFile[]) => files.filter(({ kind }) => kind === "wheel");

test("--release installs the files of a release, and finds its dependencies", async (t) => {
  const at = await deployed(t);
  const files = tiny(scratch(t), "1.0", "needs", "", ["Requires-Dist: tiny>=1.0,<1.1"]);
  const args = ["--release", release(at, files)];
  const first = await run(at, 0, args, { env: { ESSAY_INDEX: "" } });
  assert.deepEqual(
    [first.record.project, first.record.version, first.record.commit.slice(0, 4), first.record.installed],
    ["needs", "1.0", "0123", { needs: "1.0" }],
  );
  assert.deepEqual(installed(at), ["needs==1.0", "tiny==1.0"]);
  assert.equal((await run(at, 0, args)).entry.changed, false);
});

test("--release with the files of dependencies, too, installs these and no others", async (t) => {
  const at = await deployed(t);
  const files = [
    ...wheelOf(tiny(scratch(t), "1.0", "needs", "", ["Requires-Dist: tiny>=1.0,<1.1"])),
    ...wheelOf(tiny(scratch(t), "1.0")),
  ];
  const ran = await run(at, 0, ["--release", release(at, files)]);
  assert.deepEqual(ran.record.installed, { needs: "1.0", tiny: "1.0" });
  assert.deepEqual(installed(at), ["needs==1.0", "tiny==1.0"]);

  // One that was made on another Python may lack what is needed on this one.
  const other = tiny(index.directory, "1.0", "half", "", [
    "Requires-Dist: tiny",
    "Requires-Dist: never; python_version < '3'",
    "Requires-Dist: nowhere; python_version > '3'",
    "Provides-Extra: more",
    "Requires-Dist: evenmore; extra == 'more'",
  ]);
  const half = release(at, [...wheelOf(other), ...wheelOf(tiny(scratch(t), "1.1"))]);
  const { error } = await run(at, 1, ["--release", half]);
  assert.equal(error.code, "incomplete");
  assert.match(error.message, /^the release has no file of nowhere, which half needs on this host/);
  assert.ok(existsSync(mark(at)), "it is not taken for done");
});

test("--release and another file on the index: it is named, and nothing is installed", async (t) => {
  const at = await deployed(t);
  const files = tiny(scratch(t), "1.0", "tiny", "other = True\n");
  const { error } = await run(at, 1, ["--release", release(at, files)]);
  assert.equal(error.code, "hash-mismatch");
  assert.match(
    error.message,
    /^tiny-1\.0-py3-none-any\.whl on the index has other bytes than the release: nothing was installed$/,
  );
  assert.deepEqual(installed(at), []);
  assert.ok(!existsSync(mark(at)));
});

/** Changes one byte of a file, under its name at once. */
function tamper(path: string): Buffer {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
  return bytes;
}

test("--release of a closure that es-wheel made; one byte changed in one file on the index, and it refuses", async (t) => {
  plainSdist(scratch(t), index.directory, "leaf");
  const project = selfBuilding(
    backend("essay_demo-6.11.21.1-py3-none-any.whl", "pass", [
      "Requires-Dist: needs==1.0",
      "Requires-Dist: leaf",
    ]),
  );
  const cwd = scratch(t);
  const env = { HOME: cwd, ESSAY_INDEX: index.url };
  const build = await shell("set -o pipefail; es-wheel --deps | es-upload > release.jsonl", {
    input: `${JSON.stringify(await packed(t, project))}\n`,
    cwd,
    env,
  });
  assert.equal(build.status, 0, build.report);
  const args = ["--release", join(cwd, "release.jsonl")];

  const at = await deployed(t);
  const ran = await run(at, 0, args, { env: { ESSAY_INDEX: "" } });
  const versions = { essay_demo: "6.11.21.1", leaf: "1.0", needs: "1.0", tiny: "1.0" };
  assert.deepEqual(ran.record.installed, versions);
  assert.deepEqual(
    installed(at),
    Object.entries(versions).map(([name, version]) => `${name}==${version}`),
  );
  assert.equal((await run(at, 0, args)).entry.changed, false);

  const file = "leaf-1.0-py3-none-any.whl";
  const honest = await deployed(t);
  const stale = await deployed(t);
  // A page that was made before lists the old hash; the file that comes with it is the new one.
  const get = async (path: string) => (await fetchPage(new URL(path, index.url).href)).body;
  const page = await get("/simple/leaf/");
  assert.match(page, /leaf-1\.0-py3-none-any\.whl#sha256=/);
  const changed = tamper(join(index.directory, file));
  const old = await web(t, (request, response) => {
    if (request.url?.endsWith(file)) return void response.end(changed);
    if (request.url === "/simple/leaf/")
      return void response.setHeader("content-type", "text/html").end(page);
    response.writeHead(307, { location: new URL(request.url ?? "", index.url).href }).end();
  });
  const refused = await Promise.all([
    run(honest, 1, args),
    run(stale, 1, args.concat("--index", `${old}/simple/`)),
  ]);
  for (const { error } of refused)
    assert.deepEqual(
      [error.code, error.message],
      ["hash-mismatch", `${file} on the index has other bytes than the release: nothing was installed`],
    );
  for (const each of [honest, stale]) {
    assert.deepEqual(installed(each), []);
    assert.ok(!existsSync(mark(each)));
    assert.equal(generation(each), 1);
  }
});

test("--release with a record that is none, failed, or says what pip would read otherwise", async (t) => {
  const at = await deployed(t);
  const files = tiny(scratch(t), "1.0");
  const [one] = files as [ReleaseFile];
  const failure = { step: "es-wheel", code: "build-failed", message: "no" };
  const failed = await expectStatus(1, "es-pip", ["--release", release(at, files, { error: failure })], {
    input: "",
  });
  assert.match(failed.stderr, /release-failed: .*release\.jsonl:1 is the record of a release that failed/);
  for (const [wrong, more, message] of [
    [[], {}, /is no record of a built release: project, version or files are missing/],
    [files, { version: undefined }, /is no record of a built release/],
    [[{ ...one, name: "tiny\n--index-url http://evil/\nx" }], {}, /is not NAME==VERSION/],
    [[{ ...one, version: "1.0\n-e ." }], {}, /is not NAME==VERSION/],
    [files, { project: "x y" }, /is not NAME==VERSION/],
    [files, { version: "2.0" }, /release\.jsonl has no file of tiny 2\.0/],
  ] as const) {
    const file = release(at, [one], { files: wrong, ...more });
    const ran = await expectStatus(2, "es-pip", ["--release", file], { input: "", cwd: at.home });
    assert.match(ran.stderr, message);
  }
});

/** A release of two distributions whose files are nowhere but here. */
function pushed(t: TestContext): ReleaseFile[] {
  const directory = scratch(t);
  return [
    ...wheelOf(tiny(directory, "2.0", "app", "", ["Requires-Dist: dep"])),
    ...wheelOf(tiny(directory, "3.0", "dep")),
  ];
}

test("--push: the release's files go along, as far as the host lacks them, and no index is asked", async (t) => {
  const at = await deployed(t);
  const files = pushed(t);
  const tmp = join(at.home, "tmp");
  mkdirSync(tmp);
  const env = { ESSAY_INDEX: "", TMPDIR: tmp };
  const args = ["--release", release(at, files, { index: "http://127.0.0.1:1/" }), "--push"];
  const planned = await run(at, 0, [...args, "--dry-run"], { env });
  assert.match(planned.stderr, /dry run: app 2\.0 installed, dep 3\.0 installed/);
  const first = await run(at, 0, args, { env });
  assert.deepEqual(first.record.installed, { app: "2.0", dep: "3.0" });
  assert.equal(first.record.commit, "0123456789012345678901234567890123456789");
  assert.deepEqual(readdirSync(tmp), []);
  // What is there is not sent again: it could not be read.
  rmSync(join(at.site, "dep-3.0.dist-info"), { recursive: true });
  rmSync(files[0]?.path ?? "");
  assert.deepEqual((await run(at, 0, args, { env })).record.installed, { app: "2.0", dep: "3.0" });

  const again = await deployed(t);
  const other = tiny(scratch(t), "3.0", "dep", "other = 1\n").filter(({ kind }) => kind === "wheel");
  const [, dep] = files as [ReleaseFile, ReleaseFile];
  const [forged] = other as [ReleaseFile];
  const bad = release(again, [{ ...dep, path: forged.path, size: forged.size }]);
  const { error } = await run(again, 1, ["--release", bad, "--push"], { env });
  assert.deepEqual(
    [error.code, error.message],
    [
      "hash-mismatch",
      "dep-3.0-py3-none-any.whl came with other bytes than the release says: nothing was installed",
    ],
  );
  assert.ok(!existsSync(join(again.venv, ".essay/changing")));
  const lone = release(again, pushed(t).slice(0, 1));
  const lacking = (await run(again, 1, ["--release", lone, "--push"], { env })).error;
  assert.equal(lacking.code, "version-not-found");
  assert.match(
    lacking.message,
    /^the release has no file of dep, which is needed on this host: es-wheel --deps/,
  );
  assert.deepEqual(readdirSync(tmp), []);
});

test("requirements and constraints files, @latest, newer ones, and away with them", async (t) => {
  const at = await deployed(t);
  writeFileSync(join(at.home, "r.txt"), 'tiny>=1.0\nnever==1.0; python_version < "3"\n');
  writeFileSync(join(at.home, "c.txt"), "tiny<1.1\n");
  const limited = ["-r", "r.txt", "-c", "c.txt", "third==1.0"];
  const planned = await run(at, 0, [...limited, "--dry-run"]);
  assert.match(planned.stderr, /dry run: third 1\.0 installed, tiny>=1\.0 installed {2}/);
  const first = await run(at, 0, limited);
  assert.deepEqual(first.record.installed, { third: "1.0", tiny: "1.0" });
  assert.deepEqual([first.record.project, first.record.version], ["third", "1.0"]);
  assert.equal((await run(at, 0, limited)).entry.changed, false);
  assert.equal((await run(at, 0, ["-r", "r.txt"])).entry.changed, false);
  const newer = await run(at, 0, ["-r", "r.txt", "--upgrade"]);
  assert.match(newer.stderr, / {2}tiny 1\.1\+fixbug installed {2}/);
  assert.equal(newer.record.project, undefined);
  const before = generation(at);
  assert.equal((await run(at, 0, ["-r", "r.txt", "--upgrade"])).entry.changed, false);
  assert.deepEqual([generation(at), existsSync(mark(at))], [before, false]);
  const latest = await run(at, 0, ["tiny@latest"]);
  assert.deepEqual([latest.entry.changed, latest.record.version], [false, "1.1+fixbug"]);
  const limits = await run(at, 1, ["tiny==1.1", "-c", "c.txt"]);
  assert.match(limits.error.message, /^these do not go together: .*tiny/);
  assert.ok(!existsSync(mark(at)));
  const record = { installed: { third: "1.0", Tiny: "1.1" } };
  const gone = await run(at, 0, ["--uninstall", "tiny", "nosuch"], { record });
  assert.match(gone.stderr, / {2}tiny 1\.1\+fixbug removed {2}/);
  assert.deepEqual([gone.record.installed, installed(at)], [{ third: "1.0" }, ["third==1.0"]]);
  assert.match((await run(at, 0, ["--uninstall", "tiny"])).stderr, /tiny not there/);
});

test("what does not go together afterwards is no success, whatever pip says; --no-deps does not ask", async (t) => {
  const at = await deployed(t);
  await run(at, 0, ["needs==1.0"]);
  const { error } = await run(at, 1, ["tiny==1.1"]);
  assert.deepEqual(
    [error.code, error.message],
    ["conflict", "these do not go together: needs 1.0 needs tiny<1.1,>=1.0, and tiny 1.1 is there"],
  );
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
  const away = await run(at, 1, ["--uninstall", "tiny"]);
  assert.match(away.error.message, /needs 1\.0 needs tiny<1\.1,>=1\.0, which is not there$/);
  assert.equal((await run(at, 0, ["tiny==1.1", "--no-deps"])).entry.changed, true);
  assert.ok(!existsSync(mark(at)));
});

test("a dry run asks the index from here for the version, and counts what es-venv would have made", async (t) => {
  const home = realpathSync(scratch(t));
  const entry = {
    step: "es-venv",
    args: ["a"],
    at: "2026-11-22T08:00:00Z",
    ms: 1,
    changed: true,
    plan: true,
  };
  const record = {
    host: "@local",
    transport: "local",
    venv: { name: "a", path: join(home, "a") },
    plan: true,
  };
  const planned = async (status: number, requirement: string, trace: object[]) => {
    const ran = await expectStatus(status, "es-pip", [requirement], {
      input: `${JSON.stringify({ ...record, trace })}\n`,
      env: { HOME: home, ESSAY_INDEX: index.url },
    });
    return { ...ran, error: recordsOf(ran.stdout)[0].error };
  };
  assert.match((await planned(0, "tiny==1.0", [entry])).stderr, /dry run: tiny 1\.0 installed/);
  const { error } = await planned(1, "tiny==99.0", [entry]);
  assert.equal(error.message, `no tiny 99.0 on ${index.url} (latest is 1.1+fixbug)`);
  assert.equal((await planned(1, "tiny==1.0", [])).error.code, "no-venv");
});

test("an extension in C and no compiler on the host: which one is named", async (t) => {
  const folder = join(scratch(t), "native-1.0");
  mkdirSync(folder);
  writeFileSync(join(folder, "native.c"), "");
  writeFileSync(join(folder, "PKG-INFO"), "Metadata-Version: 2.1\nName: native\nVersion: 1.0\n");
  writeFileSync(
    join(folder, "setup.py"),
    'from setuptools import Extension, setup\nsetup(name="native", version="1.0", ext_modules=[Extension("native", ["native.c"])])\n',
  );
  execFileSync("tar", [
    "-czf",
    join(index.directory, "native-1.0.tar.gz"),
    "-C",
    dirname(folder),
    "native-1.0",
  ]);
  const at = await deployed(t);
  const { error } = await run(at, 1, ["native==1.0"], { env: { PATH: pathOf("busybox") } });
  assert.equal(error.code, "pip-failed");
  assert.match(
    error.message,
    /^a build needs \S*(cc|clang)\S*, which is not on this host: es-wheel builds wheels/,
  );
  assert.ok(!existsSync(mark(at)));
});

test("project, version and commit that disagree with the record", async (t) => {
  const at = await deployed(t);
  const version = (await run(at, 1, ["tiny==1.0"], { record: { project: "tiny", version: "1.1" } })).error;
  assert.deepEqual(
    [version.code, version.message],
    ["disagreement", "the record says tiny 1.1, es-pip is told 1.0"],
  );
  const file = release(at, tiny(scratch(t), "1.0"));
  const commit = (await run(at, 1, ["--release", file], { record: { commit: "f".repeat(40) } })).error;
  assert.match(commit.message, /^the record says commit f{40}, the release says 0123/);
  assert.deepEqual(installed(at), []);
  const fine = await run(at, 0, ["tiny==1.0"], { record: { project: "Tiny", version: "v1.0" } });
  assert.deepEqual([fine.record.project, fine.record.version], ["Tiny", "1.0"]);
  const other = await run(at, 0, ["needs==1.0"], { record: { project: "tiny", version: "1.0" } });
  assert.deepEqual([other.record.project, other.record.version], ["tiny", "1.0"]);
});

test("without a virtualenv", async (t) => {
  const at = await deployed(t);
  const { error } = await run(at, 1, ["tiny==1.0"], { record: { venv: undefined } });
  assert.equal(error.code, "no-venv");
  rmSync(at.venv, { recursive: true });
  const gone = (await run(at, 1, ["tiny==1.0"])).error;
  assert.deepEqual(
    [gone.code, gone.message],
    ["no-venv", `there is no virtualenv ${at.venv}: run es-venv first`],
  );
  assert.ok(!existsSync(at.venv));
});

test("a dry run, with a virtualenv and without", async (t) => {
  const at = await deployed(t);
  const planned = await run(at, 0, ["tiny==1.0", "--dry-run"]);
  assert.equal(planned.entry.changed, true);
  assert.match(planned.stderr, /dry run: tiny 1\.0 installed/);
  assert.deepEqual([planned.record.version, planned.record.installed], ["1.0", {}]);
  assert.deepEqual(installed(at), []);
  const full = await withTiny(t);
  const there = await run(full, 0, ["tiny==1.0", "--dry-run"]);
  assert.deepEqual([there.entry.changed, there.record.installed], [false, { tiny: "1.0" }]);
  writeFileSync(mark(full), "es-pip\n");
  const half = await run(full, 0, ["tiny==1.0"], { record: { plan: true } });
  assert.match(half.stderr, /dry run: what was cut short mended/);
  assert.ok(existsSync(mark(full)));
  rmSync(full.venv, { recursive: true });
  const without = await run(full, 1, ["tiny==1.0"], { record: { plan: true } });
  assert.equal(without.record.error.code, "no-venv");
  const made = { step: "es-venv", args: ["a"], at: "2026-11-21T08:00:03Z", ms: 1, changed: true, plan: true };
  const ahead = await run(full, 0, ["tiny==1.0"], { record: { plan: true, trace: [made] } });
  assert.match(ahead.stderr, /dry run: tiny 1\.0 installed/);
  assert.ok(!existsSync(full.venv));
});

/** What a user, or a company, may have set up for pip on a host. */
function strangePip({ home }: Deployed): NodeJS.ProcessEnv {
  const settings =
    "[global]\nindex-url = http://127.0.0.1:1/\nextra-index-url = http://127.0.0.1:1/\nretries = 0\n";
  for (const directory of [".pip", ".config/pip", "xdg/pip"]) {
    mkdirSync(join(home, directory), { recursive: true });
    writeFileSync(join(home, directory, "pip.conf"), settings);
  }
  for (const name of ["pip.py", "json.py", "csv.py", "re.py"])
    writeFileSync(join(home, name), "raise SystemExit('not this one')\n");
  return {
    PIP_CONFIG_FILE: join(home, ".pip/pip.conf"),
    XDG_CONFIG_DIRS: join(home, "xdg"),
    PIP_INDEX_URL: "http://127.0.0.1:1/",
    PIP_EXTRA_INDEX_URL: "http://127.0.0.1:1/",
    PIP_RETRIES: "0",
    PIP_NO_INDEX: "1",
    PIP_TARGET: join(home, "elsewhere"),
    PIP_REQUIRE_HASHES: "1",
    PYTHONPATH: home,
  };
}

test("the host's own configuration of pip does not count, neither for building nor for modules", async (t) => {
  const at = await deployed(t);
  const env = strangePip(at);
  // built has no wheel: pip starts another pip, which installs setuptools.
  const ran = await run(at, 0, ["built==1.0", "tiny==1.0"], { env });
  assert.equal(ran.entry.changed, true);
  assert.deepEqual(installed(at), ["built==1.0", "tiny==1.0"]);
  assert.ok(!existsSync(join(at.home, "elsewhere")));
  assert.doesNotMatch(ran.stderr, /127\.0\.0\.1:1\//);
});

/** An sdist whose build runs a piece of Python first; it needs nothing from an index. */
function building(directory: string, name: string, python: string): void {
  const folder = join(directory, `${name}-1.0`);
  mkdirSync(folder, { recursive: true });
  const metadata = `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`;
  writeFileSync(join(folder, "PKG-INFO"), metadata);
  writeFileSync(
    join(folder, "pyproject.toml"),
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
  );
  writeFileSync(
    join(folder, "backend.py"),
    `import glob, os, sys, time, zipfile

def build_wheel(directory, settings=None, metadata=None):
${python.replace(/^/gm, "    ")}
    name = "${name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("${name}.py", "")
        wheel.writestr("${name}-1.0.dist-info/METADATA", ${JSON.stringify(metadata)})
        wheel.writestr("${name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("${name}-1.0.dist-info/RECORD", "")
    return name

def build_sdist(directory, settings=None):
    raise NotImplementedError
`,
  );
  execFileSync("tar", ["-czf", join(index.directory, `${name}-1.0.tar.gz`), "-C", directory, `${name}-1.0`]);
}

test("a password is in no argument, no record and no message", async (t) => {
  const at = await deployed(t);
  const seen = join(at.home, "seen");
  building(
    scratch(t),
    "looker",
    `with open(${JSON.stringify(seen)}, "w") as out:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            out.write(open(path).read().replace("\\0", " ") + "\\n")
        except OSError:
            pass
    out.write("\\n".join("%s=%s" % item for item in os.environ.items()))`,
  );
  const secret = "s3cret-b%t";
  const wanted = `Basic ${Buffer.from(`me:${secret}`).toString("base64")}`;
  const guarded = await web(t, (request, response) => {
    if (request.headers.authorization !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="lab"' }).end();
      return;
    }
    get(new URL(request.url ?? "", index.url), (inner) => {
      response.writeHead(inner.statusCode ?? 500, { "content-type": inner.headers["content-type"] ?? "" });
      inner.pipe(response);
    });
  });
  writeFileSync(join(at.home, ".netrc"), `machine 127.0.0.1 login me password ${secret}\n`, { mode: 0o600 });
  const env = { ESSAY_INDEX: `${guarded}/simple/` };
  const ran = await run(at, 0, ["looker==1.0", "tiny==1.0", "-v"], { env });
  assert.deepEqual(installed(at), ["looker==1.0", "tiny==1.0"]);
  assert.match(readFileSync(seen, "utf8"), /-m pip install/);
  for (const text of [readFileSync(seen, "utf8"), ran.stdout, ran.stderr]) {
    assert.ok(!text.includes(secret) && !text.includes(encodeURIComponent(secret)), text);
    assert.ok(!text.includes(wanted.slice(6)), text);
  }
  writeFileSync(join(at.home, ".netrc"), "machine 127.0.0.1 login me password wrong\n", { mode: 0o600 });
  const refused = (await run(at, 1, ["needs==1.0"], { env })).error;
  assert.equal(refused.code, "auth-failed");
  assert.match(refused.message, /^the index does not let pip in: .*: 401 /);
});

test("the proxy that the configuration names is pip's way to the index, and its password is nowhere", async (t) => {
  const at = await deployed(t);
  const asked: string[] = [];
  const secret = "pr0xy-secret";
  const proxy = await web(t, (request, response) => {
    asked.push(`${request.url} ${request.headers["proxy-authorization"]}`);
    get(new URL(new URL(request.url ?? "").pathname, index.url), (inner) => {
      response.writeHead(inner.statusCode ?? 500, { "content-type": inner.headers["content-type"] ?? "" });
      inner.pipe(response);
    });
  });
  const way = `index.url = "http://pypi.example/simple/"\nindex.proxy = "${proxy.replace("//", `//me:${secret}@`)}"\n`;
  writeFileSync(join(at.home, "essay.toml"), way);
  // The environment's own proxies do not count then.
  const env = { ESSAY_INDEX: "", http_proxy: "http://127.0.0.1:1", no_proxy: "*" };
  const ran = await run(at, 0, ["tiny==1.0", "-v"], { env });
  assert.deepEqual(installed(at), ["tiny==1.0"]);
  const basic = Buffer.from(`me:${secret}`).toString("base64");
  assert.equal(asked[0], `http://pypi.example/simple/tiny/ Basic ${basic}`);
  for (const text of [ran.stdout, ran.stderr]) assert.ok(!text.includes(secret), text);
});

test("an index that cannot be asked is not one without the version", async (t) => {
  const half = readFileSync(join(index.directory, "tiny-1.0-py3-none-any.whl")).subarray(0, 400);
  const [forbidden, broken, truncated] = await Promise.all([
    web(t, (_, response) => response.writeHead(403).end()),
    web(t, (_, response) => response.writeHead(502).end()),
    web(t, (request, response) => {
      if (request.url?.endsWith(".whl")) return void response.end(half);
      response.setHeader("content-type", "text/html");
      response.end('<a href="/tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>');
    }),
  ]);
  // pip tries for seconds; each has a virtualenv of its own.
  const asked = async (url: string) => {
    const at = await deployed(t);
    const { error } = await run(at, 1, ["tiny==1.0"], { env: { ESSAY_INDEX: url } });
    assert.ok(!existsSync(mark(at)));
    assert.deepEqual(installed(at), []);
    return error;
  };
  const urls = ["http://127.0.0.1:1/simple/", `${forbidden}/`, `${broken}/`, `${truncated}/`];
  const [refused, no, bad, cut] = await Promise.all(urls.map(asked));
  assert.equal(refused.code, "index-failed");
  assert.match(
    refused.message,
    /^pip gets nothing from the index: http:\/\/127\.0\.0\.1:1\/simple\/tiny\/: connection error: Failed to establish a new connection: .*refused$/,
  );
  assert.equal(no.code, "auth-failed");
  assert.match(bad.message, /pip gets nothing from the index: .*: 502 /);
  assert.deepEqual([cut.code, /tiny/.test(cut.message)], ["pip-failed", true], cut.message);
});

test("a build that fails: what it said comes along, and nothing was touched", async (t) => {
  const at = await deployed(t);
  const says = "error: command 'gcc' failed: No such file or directory";
  building(scratch(t), "failing", `print(${JSON.stringify(says)}); sys.exit(1)`);
  const { error } = await run(at, 1, ["failing==1.0"]);
  assert.equal(error.code, "pip-failed");
  assert.equal(
    error.message,
    "a build needs gcc, which is not on this host: es-wheel builds wheels elsewhere",
  );
  assert.ok(error.stderr.includes(says), error.stderr);
  assert.ok(!existsSync(mark(at)));
});

test("pip that fails after it has begun to change things leaves the mark", async (t) => {
  const at = await deployed(t);
  mkdirSync(join(at.site, "tiny.py/in-the-way"), { recursive: true });
  const { error } = await run(at, 1, ["tiny==1.0"]);
  assert.equal(error.code, "pip-failed");
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
  rmSync(join(at.site, "tiny.py"), { recursive: true });
  assert.equal((await run(at, 0, ["tiny==1.0"])).entry.changed, true);
  assert.deepEqual(installed(at), ["tiny==1.0"]);
});

test("pip that says all went well is not believed", async (t) => {
  const at = await withTiny(t);
  rmSync(join(at.site, "pip/__pycache__"), { recursive: true });
  writeFileSync(join(at.site, "pip/__main__.py"), "print('Successfully installed tiny-1.1')\n");
  const { error } = await run(at, 1, ["tiny==1.1"]);
  assert.equal(error.code, "not-installed");
  assert.match(error.message, /^pip said that all went well, but .*\/srv\/a has: tiny 1\.0$/);
});

test("killed midway: the virtualenv is marked and refused, nothing runs on, and the next run mends it", async (t) => {
  const at = await deployed(t);
  const pids = join(at.home, "pid");
  building(
    scratch(t),
    "slow",
    `open(${JSON.stringify(pids)}, "a").write("%d\\n" % os.getpid())\ntime.sleep(1000)`,
  );
  const child = spawn(process.execPath, [join(bins, "es-pip"), "slow==1.0"], {
    env: { ...process.env, HOME: at.home, ESSAY_INDEX: index.url },
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin.write(`${JSON.stringify(at.record)}\n`);
  await until("the build", () => existsSync(pids) && readFileSync(pids, "utf8").endsWith("\n"), 60_000);
  const pid = Number(readFileSync(pids, "utf8"));
  assert.equal(readFileSync(mark(at), "utf8"), "es-pip\n");
  child.kill("SIGKILL");
  await once(child, "exit");
  await until("the end of the build", () => identity(pid) === undefined);
  const up = await expectStatus(
    1,
    "es-supervisor",
    ["up", "--project", "tiny", "--profile", "x", "--port-prefix", "880"],
    {
      input: `${JSON.stringify(at.record)}\n`,
      env: { HOME: at.home },
      cwd: at.home,
    },
  );
  const refused = recordsOf(up.stdout)[0].error;
  assert.deepEqual(
    [refused.code, refused.message],
    ["half-done", `${at.venv} is half-done: es-pip was cut short; run it again`],
  );
  const again = await run(at, 0, ["tiny==1.0"]);
  assert.match(again.stderr, /what was cut short mended, tiny 1\.0 installed/);
  assert.deepEqual(installed(at), ["tiny==1.0"]);
  assert.ok(!existsSync(mark(at)));
});

test("what is half-installed is installed anew, dependencies too; what is whole is left alone", async (t) => {
  const at = await deployed(t);
  await run(at, 0, ["needs==1.0", "third==1.0"]);
  const before = readFileSync(join(at.site, "needs-1.0.dist-info/RECORD"));
  writeFileSync(mark(at), "es-pip\n");
  // As pip leaves them: installing tiny was cut short before its RECORD, removing third in the middle.
  rmSync(join(at.site, "tiny-1.0.dist-info/RECORD"));
  writeFileSync(join(at.site, "tiny.py"), "");
  renameSync(join(at.site, "third.py"), join(at.site, "~hird.py"));
  mkdirSync(join(at.site, "~hird-0.9.dist-info"));
  const mended = await run(at, 0, ["needs==1.0", "third==1.0"]);
  assert.equal(mended.entry.changed, true);
  assert.match(mended.stderr, /what was cut short mended, third 1\.0 installed/);
  assert.deepEqual(installed(at), ["needs==1.0", "third==1.0", "tiny==1.0"]);
  assert.match(readFileSync(join(at.site, "tiny.py"), "utf8"), /version/);
  assert.ok(existsSync(join(at.site, "third.py")));
  assert.ok(!existsSync(join(at.site, "~hird-0.9.dist-info")));
  assert.deepEqual(readFileSync(join(at.site, "needs-1.0.dist-info/RECORD")), before);
  assert.ok(!existsSync(mark(at)));
  assert.equal((await run(at, 0, ["needs==1.0", "third==1.0"])).entry.changed, false);
});

test("two versions at once are none", async (t) => {
  const at = await withTiny(t);
  execFileSync("cp", ["-a", join(at.site, "tiny-1.0.dist-info"), join(at.site, "tiny-0.9.dist-info")]);
  writeFileSync(
    join(at.site, "tiny-0.9.dist-info/METADATA"),
    "Metadata-Version: 2.1\nName: Tiny\nVersion: 0.9\n",
  );
  const ran = await run(at, 1, ["tiny==1.0"]);
  assert.equal(ran.error.code, "not-installed");
  // It is marked now: what does not match its RECORD goes.
  assert.equal((await run(at, 0, ["tiny==1.0"])).entry.changed, true);
  assert.deepEqual(installed(at), ["tiny==1.0"]);
});

test("a version in another spelling is the version", async (t) => {
  const at = await withTiny(t);
  writeFileSync(
    join(at.site, "tiny-1.0.dist-info/METADATA"),
    "Metadata-Version: 2.1\nName: Tiny\nVersion: v1.00\n",
  );
  const ran = await run(at, 0, ["tiny==1.0"]);
  assert.deepEqual([ran.entry.changed, ran.record.installed], [false, { tiny: "1.0" }]);
});

test("a virtualenv that es-venv has half made is refused", async (t) => {
  const at = await deployed(t);
  writeFileSync(mark(at), "es-venv\n");
  const { error } = await run(at, 1, ["tiny==1.0"]);
  assert.deepEqual(
    [error.code, error.message],
    ["half-done", `${at.venv} is half-done: es-venv was cut short; run it again`],
  );
  assert.equal(readFileSync(mark(at), "utf8"), "es-venv\n");
});

test("while another run changes the virtualenv, it is locked", async (t) => {
  const at = await deployed(t);
  const lock = join(at.home, "srv/.essay/a.lock");
  const holder = spawn("flock", [lock, "sh", "-c", "echo; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => holder.kill());
  await once(holder.stdout, "data");
  assert.equal((await run(at, 1, ["tiny==1.0"])).error.code, "locked");
});

test("a plain http index on another machine is passed as trusted, which is said once", async (t) => {
  const at = await deployed(t);
  const input = `${JSON.stringify(at.record)}\n`.repeat(2);
  const ran = await expectStatus(0, "es-pip", ["tiny==1.0", "--dry-run"], {
    input,
    cwd: at.home,
    env: { HOME: at.home, ESSAY_INDEX: "http://pypi.example/simple/" },
  });
  assert.equal(
    ran.stderr.match(/http:\/\/pypi\.example\/simple\/ is plain http: pip is told to trust it/g)?.length,
    1,
  );
});

test("the same virtualenv twice in one stream: one after the other", async (t) => {
  const at = await deployed(t);
  const ran = await run(at, 0, ["tiny==1.0"], { input: `${JSON.stringify(at.record)}\n`.repeat(2) });
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ trace }) => trace[0].changed),
    [true, false],
  );
});

// The shell that is /bin/sh has run all of the above.
const others = shells.filter((shell) => !realpathSync("/bin/sh").endsWith(`/${shell}`));

describe("under each shell", () => {
  for (const shell of others)
    test(shell, async (t) => {
      const python = scratch(t);
      symlinkSync("/usr/bin/python3", join(python, "python3"));
      const env = { PATH: `${pathOf(shell)}:${python}` };
      const at = await deployed(t, env);
      assert.equal((await run(at, 0, ["tiny==1.0"], { env })).entry.changed, true);
      assert.equal((await run(at, 0, ["tiny==1.0"], { env })).entry.changed, false);
      assert.equal((await run(at, 1, ["tiny==99"], { env })).error.code, "version-not-found");
      writeFileSync(mark(at), "es-pip\n");
      rmSync(join(at.site, "tiny-1.0.dist-info/RECORD"));
      assert.equal((await run(at, 0, ["tiny==1.0"], { env })).entry.changed, true);
      const [wheel] = wheelOf(tiny(scratch(t), "1.1", "tiny", "other\n"));
      const mismatch = await run(at, 1, ["--release", release(at, [wheel as ReleaseFile])], { env });
      assert.equal(mismatch.error.code, "hash-mismatch");
      const forbidding = await web(t, (_, response) => response.writeHead(403).end());
      const refused = await run(at, 1, ["tiny==1.1", "--index", `${forbidding}/`], { env });
      assert.equal(refused.error.code, "auth-failed");
      assert.deepEqual(installed(at), ["tiny==1.0"]);
    });
});
