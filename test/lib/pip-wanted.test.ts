import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Failure, UsageError } from "../../lib/base/failure.js";
import type { ReleaseFile } from "../../lib/base/schema.js";
import {
  deployed,
  isLatest,
  names,
  refuseAbsent,
  unchanged,
  unwanted,
  wantedOfEach,
  wantedRelease,
  wantedVersions,
} from "../../lib/pip-wanted.js";
import { scratch } from "../lab/program.js";

const silent = () => {};
const noFiles = { requirements: [], constraints: [] };
const nobody = () => Promise.reject(new Error("nobody asks"));
const versions = (...args: string[]) => wantedVersions(args, noFiles, silent, nobody);
const commit = "0123456789012345678901234567890123456789";
const hash = (digit: string) => digit.repeat(64);

/** A file of a release, with a hash of one digit. */
function file(name: string, version: string, digit: string): ReleaseFile {
  const filename = `${name}-${version}.tar.gz`;
  return { path: `/dist/${filename}`, filename, kind: "sdist", name, version, size: 1, sha256: hash(digit) };
}

function release(t: TestContext, record: object): string {
  const path = join(scratch(t), "release.jsonl");
  writeFileSync(path, `${JSON.stringify(record)}\n`);
  return path;
}

test("versions of a command line are one run of pip", async () => {
  assert.deepEqual(await versions("a==1.0", "b[x, y]==v2.0"), {
    main: { project: "a", version: "1.0", text: "a===1.0" },
    looked: [
      { project: "a", version: "1.0", text: "a===1.0" },
      { project: "b", version: "2.0", text: "b[x,y]===2.0" },
    ],
    runs: ["a===1.0\nb[x,y]===2.0"],
    alone: 0,
  });
  await assert.rejects(versions("a-b==1.0", "A_b==1.0"), new UsageError("a-b is asked for twice"));
  await assert.rejects(
    versions("shop"),
    new UsageError("shop needs a version: shop==VERSION, or shop@latest for the newest one"),
  );
});

test("what a host's record says: the files of its release, otherwise its version", async (t) => {
  const files = [file("demo", "1.0", "a")];
  const record = { project: "demo", version: "1.0", commit, files, index: "http://a/simple/" };
  const notes: string[] = [];
  const wantedOf = wantedOfEach((note) => notes.push(note));
  assert.deepEqual(await wantedOf(record, "web1"), await wantedRelease(release(t, record), silent));
  assert.deepEqual(await wantedOf({ project: "demo", version: "1.0" }, "web1"), await versions("demo==1.0"));
  await assert.rejects(wantedOf({ project: "demo" }, "web1"), { code: "no-release" });
  for (const label of ["web1", "web2"])
    await assert.rejects(
      wantedOf({ ...record, version: "x; y" }, label),
      (error) => error instanceof UsageError && error.message.startsWith(`${label}: `),
    );

  // What many say is worked out once, and noted once.
  assert.deepEqual(notes, []);
  const labelled = { ...record, version: "1.0-fixbug", files: [file("demo", "1.0+fixbug", "a")] };
  const first = await wantedOf(labelled, "web1");
  assert.equal(await wantedOf(structuredClone(labelled), "web2"), first);
  assert.equal(notes.length, 1, notes.join("\n"));
  assert.notEqual(await wantedOf({ ...labelled, index: "http://other/simple/" }, "web3"), first);
});

test("a release of one distribution: its files by hash, then what it depends on", async (t) => {
  const files = [file("My_Demo", "1.0", "a"), file("my-demo", "1.0", "b")];
  const path = release(t, { project: "my_demo", version: "1.0", commit, files, index: "http://a/simple/" });
  assert.deepEqual(await wantedRelease(path, silent), {
    looked: [{ project: "my_demo", version: "1.0", text: "my_demo===1.0" }],
    main: { project: "my_demo", version: "1.0", text: "my_demo===1.0" },
    alone: 1,
    files,
    runs: [`my_demo===1.0 --hash=sha256:${hash("a")} --hash=sha256:${hash("b")}`, "my_demo===1.0"],
    commit,
    index: "http://a/simple/",
  });
});

test("of a file with several releases, the one of that name and version", async (t) => {
  const records = ["1.0", "2.0"].map((version) => ({
    project: "demo",
    version,
    files: [file("demo", version, "a")],
  }));
  const path = join(scratch(t), "releases.jsonl");
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  assert.equal((await wantedRelease(path, silent, "Demo==v1.0")).main?.version, "1.0");
  await assert.rejects(
    wantedRelease(path, silent, "demo==3.0"),
    new UsageError(`${path} has no record of demo 3.0`),
  );
  await assert.rejects(
    wantedRelease(path, silent),
    new UsageError(`${path} has 2 records; one release is wanted`),
  );
});

test("a file of a release has a name, and no way out of the folder that it is sent to", async (t) => {
  for (const filename of ["../../x.whl", "/etc/x.whl", "a\tb.whl", "-x.whl", ".whl", ""]) {
    const files = [{ ...file("demo", "1.0", "a"), filename }];
    await assert.rejects(
      wantedRelease(release(t, { project: "demo", version: "1.0", files }), silent),
      UsageError,
    );
  }
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
  assert.deepEqual([wanted.main?.project, wanted.alone], ["demo", 1]);
});

test("the record gets project, version and commit, and keeps its own spelling of the project", async () => {
  const wanted = { ...(await versions("dep==2.0", "essay_demo==1.0")), commit };
  assert.deepEqual(await deployed(wanted, {}), { project: "dep", version: "2.0", commit });
  assert.deepEqual(await deployed(wanted, { project: "Essay-Demo", version: "v1.0", commit }), {
    project: "Essay-Demo",
    version: "1.0",
    commit,
  });
  assert.deepEqual(await deployed(wanted, { project: "other", version: "9" }), {});
});

test("what the record says otherwise is a failure", async () => {
  const wanted = { ...(await versions("demo==1.0")), commit };
  const disagreement = (error: unknown) => error instanceof Failure && error.code === "disagreement";
  await assert.rejects(deployed(wanted, { project: "demo", version: "1.1" }), disagreement);
  await assert.rejects(deployed(wanted, { project: "demo", commit: "f".repeat(40) }), disagreement);
});

test("NAME@latest is the version that the index tells", async () => {
  const asked: string[] = [];
  const latest = async (project: string) => {
    asked.push(project);
    return "2.0";
  };
  const { looked, runs } = await wantedVersions(["a[x]@latest", "b==1.0"], noFiles, silent, latest);
  assert.deepEqual([asked, runs], [["a"], ["a[x]===2.0\nb===1.0"]]);
  assert.deepEqual(looked[0], { project: "a", version: "2.0", text: "a[x]===2.0" });
  assert.deepEqual(["a@latest", "a==1.0"].map(isLatest), [true, false]);
});

test("requirements files and constraints files: what is looked at, and what pip is told", async (t) => {
  const folder = scratch(t);
  const file = join(folder, "r.txt");
  const hashes = `--hash=sha256:${hash("a")}`;
  const lines = [`pin==1.0 ${hashes}`, "some>=1,<2", "any", 'other==1.*; python_version < "3"', "--pre"];
  writeFileSync(file, `${lines.join("\n")}\n-c c.txt\n`);
  writeFileSync(join(folder, "c.txt"), "limited<3\n");
  const files = { requirements: [file], constraints: [join(folder, "c.txt")] };
  const wanted = await wantedVersions(["demo==1.0"], files, silent, nobody);
  assert.deepEqual(wanted, {
    main: { project: "demo", version: "1.0", text: "demo===1.0" },
    looked: [
      { project: "demo", version: "1.0", text: "demo===1.0" },
      { project: "pin", version: "1.0", text: "pin==1.0" },
      { project: "some", text: "some>=1,<2" },
      { project: "any", text: "any" },
      { project: "other", text: 'other==1.*; python_version < "3"' },
    ],
    runs: [["demo===1.0", ...lines].join("\n")],
    alone: 0,
    constraints: "limited<3\nlimited<3",
  });
  // Without an operand nothing is told of what is deployed, unless the record's project is in the file.
  const alone = await wantedVersions([], files, silent, nobody);
  assert.deepEqual(await deployed(alone, {}), {});
  assert.deepEqual(await deployed(alone, { project: "pin" }), { project: "pin", version: "1.0" });
  assert.deepEqual(await deployed(alone, { project: "some" }), { project: "some" });
  writeFileSync(file, "--pre\n");
  await assert.rejects(wantedVersions([], files, silent, nobody), new UsageError(`${file} asks for nothing`));
});

test("what is to go: names, and never pip", () => {
  assert.deepEqual(unwanted(["a", "B"]).runs, ["a\nB"]);
  assert.ok(names(unwanted(["A_b"]), "a-B"));
  assert.throws(() => unwanted(["a==1.0"]), /is no name of a distribution/);
  assert.throws(() => unwanted(["Pip"]), /pip is es-venv's/);
});

test("what was there already, in few words", () => {
  const many = Object.fromEntries([..."abcdef"].map((name) => [name, "1"]));
  const wanted = unwanted(["a"]);
  assert.equal(unchanged(wanted, { a: "1", b: "2" }, "install"), "a 1, b 2 already there");
  assert.equal(unchanged(wanted, many, "install"), "6 distributions already there");
  assert.equal(unchanged(wanted, {}, "uninstall"), "a not there");
});

test("a version is refused where the index says that it has none, not where the index cannot be reached from here", async () => {
  const wanted = await versions("demo==1.0");
  const unreached = (code: string) => ({
    url: "http://pypi.example/simple/",
    files: () => Promise.reject(new Failure(code, "not reached")),
  });
  for (const code of ["unresolved", "unreachable", "refused", "timeout"])
    await refuseAbsent(unreached(code), wanted);
  await assert.rejects(
    refuseAbsent(unreached("auth-failed"), wanted),
    (error) => error instanceof Failure && error.code === "auth-failed",
  );
  await assert.rejects(
    refuseAbsent({ url: "http://pypi.example/simple/", files: async () => [] }, wanted),
    (error) => error instanceof Failure && error.code === "version-not-found",
  );
});
