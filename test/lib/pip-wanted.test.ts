import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Failure, UsageError } from "../../lib/base/failure.js";
import { deployed, wantedRelease, wantedVersions } from "../../lib/pip-wanted.js";
import { scratch } from "../lab/program.js";

const silent = () => {};
const commit = "0123456789012345678901234567890123456789";
const hash = (digit: string) => digit.repeat(64);

/** A file of a release, with a hash of one digit. */
function file(name: string, version: string, digit: string) {
  const filename = `${name}-${version}.tar.gz`;
  return { path: `/dist/${filename}`, filename, kind: "sdist", name, version, size: 1, sha256: hash(digit) };
}

function release(t: TestContext, record: object): string {
  const path = join(scratch(t), "release.jsonl");
  writeFileSync(path, `${JSON.stringify(record)}\n`);
  return path;
}

test("versions of a command line are one run of pip", async () => {
  const { requirements, runs } = await wantedVersions(["a==1.0", "b[x, y]==v2.0"], silent);
  assert.deepEqual(runs, ["a===1.0\nb[x,y]===2.0"]);
  assert.deepEqual(
    requirements.map(({ project, version }) => [project, version]),
    [
      ["a", "1.0"],
      ["b", "2.0"],
    ],
  );
  await assert.rejects(
    wantedVersions(["a-b==1.0", "A_b==1.0"], silent),
    new UsageError("a-b is asked for twice"),
  );
});

test("a release of one distribution: its files by hash, then what it depends on", async (t) => {
  const files = [file("My_Demo", "1.0", "a"), file("my-demo", "1.0", "b")];
  const path = release(t, { project: "my_demo", version: "1.0", commit, files, index: "http://a/simple/" });
  assert.deepEqual(await wantedRelease(path, silent), {
    requirements: [{ name: "my_demo", project: "my_demo", version: "1.0" }],
    byHash: true,
    runs: [`my_demo===1.0 --hash=sha256:${hash("a")} --hash=sha256:${hash("b")}`, "my_demo===1.0"],
    commit,
    index: "http://a/simple/",
  });
});

test("where a release has a wheel, no other one is built from its sdist", async (t) => {
  const wheel = (name: string, digit: string) => ({ ...file(name, "1.0", digit), kind: "wheel" });
  const files = [
    file("demo", "1.0", "a"),
    wheel("demo", "b"),
    wheel("demo", "c"),
    file("dep", "1.0", "d"),
    wheel("other", "e"),
  ];
  const wanted = await wantedRelease(release(t, { project: "demo", version: "1.0", files }), silent);
  assert.deepEqual(wanted.runs, [
    `--only-binary demo,other\ndemo===1.0 --hash=sha256:${hash("b")} --hash=sha256:${hash("c")}\ndep===1.0 --hash=sha256:${hash("d")}\nother===1.0 --hash=sha256:${hash("e")}`,
  ]);
});

test("a release with the files of other distributions: all by hash, and no others", async (t) => {
  const files = [file("dep", "2.0", "b"), file("demo", "1.0", "a")];
  const wanted = await wantedRelease(release(t, { project: "demo", version: "1.0", files }), silent);
  assert.deepEqual(wanted.runs, [
    `demo===1.0 --hash=sha256:${hash("a")}\ndep===2.0 --hash=sha256:${hash("b")}`,
  ]);
  assert.equal(wanted.requirements[0]?.project, "demo");
});

test("the record gets project, version and commit, and keeps its own spelling of the project", async () => {
  const wanted = { ...(await wantedVersions(["dep==2.0", "essay_demo==1.0"], silent)), commit };
  assert.deepEqual(await deployed(wanted, {}), { project: "dep", version: "2.0", commit });
  assert.deepEqual(await deployed(wanted, { project: "Essay-Demo", version: "v1.0", commit }), {
    project: "Essay-Demo",
    version: "1.0",
    commit,
  });
  assert.deepEqual(await deployed(wanted, { project: "other", version: "9" }), {});
});

test("what the record says otherwise is a failure", async () => {
  const wanted = { ...(await wantedVersions(["demo==1.0"], silent)), commit };
  const disagreement = (error: unknown) => error instanceof Failure && error.code === "disagreement";
  await assert.rejects(deployed(wanted, { project: "demo", version: "1.1" }), disagreement);
  await assert.rejects(deployed(wanted, { project: "demo", commit: "f".repeat(40) }), disagreement);
});
