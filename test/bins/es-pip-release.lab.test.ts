// es-pip --release: the files of a release, from the index by hash, or sent along.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import { fetchPage } from "../lab/http.js";
import {
  deployed,
  generation,
  index,
  installed,
  mark,
  release,
  run,
  setUp,
  wheelOf,
} from "../lab/pip-venv.js";
import { expectStatus, scratch, shell } from "../lab/program.js";
import { backend, packed, plainSdist, selfBuilding } from "../lab/sdist.js";
import { tiny } from "../lab/tiny.js";
import { web } from "../lab/web.js";

setUp();

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
