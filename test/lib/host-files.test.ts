import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { UsageError } from "../../lib/base/failure.js";
import { Settings } from "../../lib/config/settings.js";
import { type FileWanted, filesFor, readSource, sending, valuesFor } from "../../lib/host-files.js";
import { scratch } from "../lab/program.js";

const wanted = { to: "etc/x", mode: undefined, owner: undefined, raw: false, env: [] };
const settings = new Settings({
  file: undefined,
  directory: "/",
  values: { project: "demo", ports: { a: "880" }, roles: { web: ["w1", "w2"] } },
  projectName: undefined,
});
const sha256 = (text: string | Buffer) => createHash("sha256").update(text).digest("hex");

/** The arguments and the payload for files of these texts. */
async function files(
  directory: string,
  all: (Partial<FileWanted> & { text: string | Buffer })[],
  record = {},
) {
  const sources = [];
  for (const [number, { text, ...more }] of all.entries()) {
    const from = join(directory, String(number));
    writeFileSync(from, text);
    sources.push(await readSource({ ...wanted, from, ...more }));
  }
  const rendered = await filesFor(sources, valuesFor(settings, record));
  const { args, payload } = sending(rendered, new Set(sources.keys()));
  const bytes = await buffer(payload.open());
  assert.equal(bytes.length, payload.size);
  return { args, bytes };
}

test("templates name the record, the configuration and what a supervisord.conf knows", async (t) => {
  const text =
    "{{host}} {{project}} {{port}} {{venv.name}} {{venv_dir}} {{vars.x}} {{bind}}{{#roles}} {{.}}{{/roles}}{{#config.roles.web}} {{.}}{{/config.roles.web}}";
  const record = { host: "h", roles: ["r"], vars: { x: 1 }, venv: { name: "a", path: "/srv/a" } };
  const { args, bytes } = await files(scratch(t), [{ text }], record);
  assert.equal(bytes.toString(), "h demo 880 a /srv/a 1 127.0.0.1 r w1 w2");
  assert.deepEqual(args, ["etc/x", "0644", "-", "0", sha256(bytes), String(bytes.length), "-", "1"]);
});

test("what a record is in the middle of is nobody's value, nor is what objects inherit", async (t) => {
  for (const name of ["trace", "error", "batch.id", "constructor", "env.HOME", "env", "venv_dir"])
    await assert.rejects(files(scratch(t), [{ text: `{{${name}}}` }], { batch: { id: "x" }, error: {} }), {
      code: "template-failed",
    });
});

test("a secret makes the file private; beside it goes the same without", async (t) => {
  process.env.ES_TEST_PW = "it's <secret>";
  t.after(() => delete process.env.ES_TEST_PW);
  const { args, bytes } = await files(scratch(t), [
    { text: "a={{env.ES_TEST_PW}}\n", env: ["ES_TEST_PW"] },
    { text: "a={{env.ES_TEST_PW}}\n", env: ["ES_TEST_PW"], mode: "0640", owner: "app" },
    { text: "{{#env.ES_TEST_PW}}with{{/env.ES_TEST_PW}}", env: ["ES_TEST_PW"] },
  ]);
  assert.equal(bytes.toString(), `${"a=it's <secret>\na=***\n".repeat(2)}with`);
  assert.deepEqual(
    [args[1], args[6], args[9], args[10], args[17], args[22]],
    ["0600", "6", "0640", "app", "0644", "-"],
  );
  await assert.rejects(readSource({ ...wanted, from: "/etc/hostname", env: ["ES_NOT_SET"] }), UsageError);
});

test("files that are no templates go as they are, the empty one, too", async (t) => {
  const odd = Buffer.from([0, 255, 10, 123, 123]);
  const { args, bytes } = await files(scratch(t), [
    { text: odd, raw: true },
    { text: "", raw: true },
    { text: "x", raw: false },
  ]);
  assert.deepEqual(bytes, Buffer.concat([odd, Buffer.from("x")]));
  assert.deepEqual([args[3], args[4], args[5], args[13]], ["1", sha256(odd), "5", "0"]);
  await assert.rejects(files(scratch(t), [{ text: odd }]), /is not UTF-8, so it is no template: --raw/);
  await assert.rejects(readSource({ ...wanted, from: "/etc" }), UsageError);
  await assert.rejects(readSource({ ...wanted, from: "/no/such", raw: true }), UsageError);
  // What has no end is not begun.
  for (const raw of [false, true])
    await assert.rejects(readSource({ ...wanted, from: "/dev/zero", raw }), /\/dev\/zero is no file/);
});
