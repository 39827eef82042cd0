import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, program, recordsOf, scratch, shell } from "../lab/program.js";

const error = { step: "es-pip", code: "pip-failed", message: "no" };
const batch = { id: "old", size: 4 };
const trace = [{ step: "es-venv", args: [], at: "2026-11-21T08:00:03Z", ms: 1, changed: true }];
const ok = { host: "ok", roles: ["web"], batch };
const changed = { host: "changed", roles: ["web", "db"], batch, trace };
const failed = { host: "failed", roles: ["db"], batch, trace, error };
const lost = { host: "lost", batch, error: { ...error, code: "not-attempted" } };

const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const all = lines(ok, changed, failed, lost);

const cases: [args: string[], hosts: string[]][] = [
  [["--failed"], ["failed", "lost"]],
  [["--ok"], ["ok", "changed"]],
  [["--changed"], ["changed", "failed"]],
  [["--changed", "--ok"], ["changed"]],
  [
    ["--role", "db"],
    ["changed", "failed"],
  ],
  [
    ["--role", "db", "--role", "web"],
    ["ok", "changed", "failed"],
  ],
  [["--role", "db", "--failed"], ["failed"]],
  [
    ["--not", "--failed"],
    ["ok", "changed"],
  ],
  [
    ["--not", "--role", "db"],
    ["ok", "lost"],
  ],
  [["--clear-errors"], ["ok", "changed", "failed", "lost"]],
];

for (const [args, hosts] of cases)
  test(`es-pick ${args.join(" ")}`, async () => {
    const ran = await expectStatus(0, "es-pick", args, { input: all });
    const records = recordsOf(ran.stdout);
    assert.deepEqual(
      records.map(({ host }) => host),
      hosts,
      ran.report,
    );
    const [{ batch }] = records;
    assert.notEqual(batch.id, "old");
    for (const record of records) assert.deepEqual(record.batch, { id: batch.id, size: hosts.length });
    assert.equal(ran.stderr, `es-pick: ${hosts.length} of 4 records\n`);
  });

test("picked records are as they were, but for their batch, and without their errors where that is wanted", async () => {
  const big =
    '{"host":"x","n":12345678901234567890, "batch":{"id":"b","size":1},"error":{"a":1.0},"z":[ 1 ]}\n';
  const kept = await expectStatus(0, "es-pick", ["--failed"], { input: big });
  assert.match(
    kept.stdout,
    /^\{"host":"x","n":12345678901234567890,"batch":\{"id":"\w+","size":1\},"error":\{"a":1\.0\},"z":\[ 1 \]\}\n$/,
  );
  const cleared = await expectStatus(0, "es-pick", ["--failed", "--clear-errors"], { input: all });
  const [record] = recordsOf(cleared.stdout);
  assert.deepEqual(Object.keys(record), ["host", "roles", "batch", "trace"]);
  assert.deepEqual(record.trace, trace);
});

test("what failed is run again, and the trace tells of both", async (t) => {
  const file = join(scratch(t), "run.jsonl");
  writeFileSync(file, all);
  const ran = await shell(`es-pick --failed --clear-errors <${file} | es-gate | es-pick --ok`);
  assert.equal(ran.status, 0, ran.report);
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ host, error, batch }) => [host, error, batch.size]),
    [
      ["failed", undefined, 2],
      ["lost", undefined, 2],
    ],
  );
});

test("--dry-run binds the steps that come after", async () => {
  const { stdout } = await expectStatus(0, "es-pick", ["--ok", "--dry-run"], { input: all });
  assert.deepEqual(
    recordsOf(stdout).map(({ plan }) => plan),
    [true, true],
  );
});

test("the exit status is as grep's", async () => {
  const none = await expectStatus(1, "es-pick", ["--failed"], { input: lines({ host: "a" }) });
  assert.deepEqual([none.stdout, none.stderr], ["", "es-pick: 0 of 1 records\n"]);
  await expectStatus(0, "es-pick", ["--failed", "--allow-empty"], { input: lines({ host: "a" }) });
  await expectStatus(1, "es-pick", ["--failed"]);
  const wrong = await expectStatus(2, "es-pick", ["--failed"], { input: `${lines(failed)}{"host":\n` });
  assert.match(wrong.stderr, /^es-pick: line 2 of the input is malformed/m);
});

test("records that never came are told, and are missed by the next step, too", async () => {
  const some = lines(failed, ok);
  const ran = await expectStatus(2, "es-pick", ["--failed"], { input: some });
  assert.match(ran.stderr, /2 of the 4 records of batch old never came/);
  assert.equal(recordsOf(ran.stdout)[0].batch.size, 3);
  const accepted = await expectStatus(0, "es-pick", ["--failed", "--partial"], { input: some });
  assert.equal(recordsOf(accepted.stdout)[0].batch.size, 1);
});

test("files are read one after the other, and the later run of a host counts", async (t) => {
  const folder = scratch(t);
  const one = { id: "one", size: 2 };
  writeFileSync(join(folder, "1"), lines({ host: "a", batch: one, error }, { host: "b", batch: one, error }));
  writeFileSync(join(folder, "2"), lines({ host: "a", batch: { id: "two", size: 1 } }));
  const ran = await expectStatus(0, "es-pick", ["--failed", join(folder, "1"), join(folder, "2")]);
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ host }) => host),
    ["b"],
  );
  assert.equal(ran.stderr, "es-pick: 1 of 2 records\n");
  const reversed = await expectStatus(0, "es-pick", ["--failed", "2", "1"], { cwd: folder });
  assert.equal(recordsOf(reversed.stdout).length, 2);
  writeFileSync(join(folder, "3"), "[]\n");
  const wrong = await expectStatus(2, "es-pick", ["--failed", "1", "3"], { cwd: folder });
  assert.match(wrong.stderr, /line 1 of 3 is malformed: not a JSON object/);
});

const mistakes: [args: string[], says: RegExp][] = [
  [[], /say which records to keep/],
  [["--not"], /say which records to keep/],
  [["--not", "--clear-errors"], /--not turns one condition round/],
  [["--not", "--failed", "--role", "db"], /run es-pick twice/],
  [["--failed", "--ok"], /no record is both/],
  [["--faild"], /did you mean --failed\?/],
  [["--role", ""], /--role needs a value/],
  [["--failed", "/no/such file"], /cannot read \/no\/such file/],
  [["--failed", "/"], /cannot read \/: /],
];
for (const [args, says] of mistakes)
  test(`es-pick ${args.join(" ")} is a mistake`, async () => {
    const ran = await program("es-pick", args, { input: all });
    assert.equal(ran.status, 2, ran.report);
    assert.equal(ran.stdout, "", ran.report);
    assert.match(ran.stderr, says);
  });

test("a reader that goes is told", async () => {
  const ran = await shell("set -o pipefail; es-pick --ok | true", { input: lines({ host: "a" }) });
  assert.equal(ran.status, 1, ran.report);
  assert.match(ran.stderr, /nobody read the records of: a/);
});
