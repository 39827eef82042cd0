// es-pip: versions by their names, what it looks at, and what it says of a mistake.

import assert from "node:assert/strict";
import { existsSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import {
  deployed,
  generation,
  index,
  installed,
  mark,
  release,
  replacePip,
  run,
  setUp,
  wheelOf,
  withTiny,
} from "../lab/pip-venv.js";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";
import { otherShells, pathOf } from "../lab/shells.js";
import { tiny } from "../lab/tiny.js";
import { web } from "../lab/web.js";

setUp();

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
  replacePip(at, "raise SystemExit('started')\n");
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

test("a version in another spelling is the version", async (t) => {
  const at = await withTiny(t);
  writeFileSync(
    join(at.site, "tiny-1.0.dist-info/METADATA"),
    "Metadata-Version: 2.1\nName: Tiny\nVersion: v1.00\n",
  );
  const ran = await run(at, 0, ["tiny==1.0"]);
  assert.deepEqual([ran.entry.changed, ran.record.installed], [false, { tiny: "1.0" }]);
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
  assert.match(await mistake("--uninstall"), /--uninstall takes the names of distributions/);
  assert.match(await mistake("--upgrade"), /--upgrade goes with NAME==VERSION or -r FILE/);
  assert.match(await mistake("tiny==1.0", "--push"), /--push sends the files of --release FILE/);
  assert.match(await mistake("tiny==1.0", "--release", "x"), /cannot read x: ENOENT/);
  assert.match(await mistake("tiny==1.0", "b==1", "--release", "x"), /--release installs one release/);
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

test("the same virtualenv twice in one stream: one after the other", async (t) => {
  const at = await deployed(t);
  const ran = await run(at, 0, ["tiny==1.0"], { input: `${JSON.stringify(at.record)}\n`.repeat(2) });
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ trace }) => trace[0].changed),
    [true, false],
  );
});

describe("under each shell", () => {
  for (const shell of otherShells)
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
