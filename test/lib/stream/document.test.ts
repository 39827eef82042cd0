import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { Failure, UsageError } from "../../../lib/base/failure.js";
import { awaitOneRecord, readOneRecord } from "../../../lib/stream/document.js";
import { scratch } from "../../lab/program.js";

function file(t: TestContext, text: string): string {
  const path = join(scratch(t), "release.jsonl");
  writeFileSync(path, text);
  return path;
}

async function refused(path: string, message: string | RegExp): Promise<void> {
  await assert.rejects(readOneRecord(path, ["project", "files"]), (error) => {
    assert.ok(error instanceof UsageError, String(error));
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  });
}

test("the one record of a file, with or without a line end", async (t) => {
  const record = { project: "x", other: [1] };
  assert.deepEqual(await readOneRecord(file(t, JSON.stringify(record)), ["project"]), record);
  assert.deepEqual(await readOneRecord(file(t, `\n${JSON.stringify(record)}\n\n`), ["project"]), record);
});

test("a file with no record or several", async (t) => {
  const none = file(t, "");
  await refused(none, `${none} has 0 records; one release is wanted`);
  const two = file(t, "{}\n{}\n");
  await refused(two, `${two} has 2 records; one release is wanted`);
});

test("a file with something else, told with its line", async (t) => {
  const broken = file(t, '\n{"project":\n');
  await refused(broken, new RegExp(`^${broken}:2: not JSON`));
  const list = file(t, "[]\n");
  await refused(list, `${list}:1: not a JSON object`);
  const wrong = file(t, '{"project":3}\n');
  await refused(wrong, new RegExp(`^${wrong}:1: field project: `));
  const hash = file(
    t,
    '{"files":[{"path":"/a","filename":"a","kind":"sdist","name":"a","version":"1","size":1,"sha256":"x"}]}',
  );
  await refused(hash, new RegExp(`^${hash}:1: field files\\.0\\.sha256: `));
});

test("a file that cannot be read", async (t) => {
  const directory = scratch(t);
  await refused(join(directory, "no"), /^cannot read .*no: ENOENT/);
  await refused(directory, /^cannot read .*: EISDIR/);
});

test("the record of a release that failed", async (t) => {
  const path = file(t, '{"project":"x","error":{"step":"es-wheel","code":"no","message":"no"}}\n');
  await assert.rejects(
    readOneRecord(path, ["project"]),
    (error) =>
      error instanceof Failure && error.code === "release-failed" && error.message.startsWith(`${path}:1 `),
  );
});

test("of several records the last one that is meant", async (t) => {
  const lines = [
    { project: "x", host: "1" },
    { project: "y", error: { step: "s", code: "c", message: "m" } },
    { project: "x", host: "2" },
  ];
  const path = file(t, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const named = (name: string) =>
    readOneRecord(path, ["project", "host"], {
      of: `${name} 1.0`,
      isIt: async ({ project }) => project === name,
    });
  assert.equal((await named("x")).host, "2");
  await assert.rejects(named("z"), new UsageError(`${path} has no record of z 1.0`));
  await assert.rejects(named("y"), { code: "release-failed", message: new RegExp(`^${path}:2 `) });
});

test("the record of a pipeline, which may have failed", async () => {
  const from = (text: string) => awaitOneRecord(Readable.from([Buffer.from(text)]), ["project", "files"]);
  assert.deepEqual(await from('{"project":"x","a":1}\n'), { project: "x", a: 1 });
  const none = new Failure("release-failed", "no record of a release came on standard input");
  await assert.rejects(from(""), none);
  const failed = '{"project":"x","error":{"step":"es-wheel","code":"no","message":"no"}}\n';
  await assert.rejects(from(failed), { code: "release-failed", message: /^standard input:1 is the record/ });
  await assert.rejects(
    from("{}\n{}\n"),
    new UsageError("standard input has 2 records; one release is wanted"),
  );
  await assert.rejects(from("{\n"), UsageError);
});
