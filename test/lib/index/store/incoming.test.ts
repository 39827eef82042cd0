import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Digests, digestNames } from "../../../../lib/index/digests.js";
import { Incoming } from "../../../../lib/index/store/incoming.js";
import { scratch } from "../../../lab/program.js";

const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

async function begin(t: TestContext, present?: string, most = 10) {
  const directory = scratch(t);
  const hidden = join(directory, "hidden");
  const landed: string[] = [];
  const landing = {
    filename: "a-1.0.zip",
    directory,
    most,
    landed: async (sha256: string) => void landed.push(sha256),
    present: async () => present,
  };
  const handle = await open(hidden, "wx");
  const incoming = new Incoming(landing, hidden, handle, await Digests.start(digestNames));
  return { incoming, directory, landed, handle };
}

test("whole, with its digests in whatever letters", async (t) => {
  const { incoming, directory, landed } = await begin(t);
  await incoming.write(Buffer.from("te"));
  assert.ok(!existsSync(join(directory, "a-1.0.zip")));
  await incoming.write(Buffer.from("xt"));
  const sha256 = digest("sha256", "text");
  const outcome = await incoming.commit({ sha256: sha256.toUpperCase(), md5: digest("md5", "text") });
  assert.equal(outcome, "uploaded");
  assert.deepEqual(landed, [sha256]);
  assert.deepEqual(readdirSync(directory), ["a-1.0.zip"]);
  assert.equal(readFileSync(join(directory, "a-1.0.zip"), "utf8"), "text");
});

test("a name that is taken, by the same bytes and by others", async (t) => {
  for (const same of [true, false]) {
    const { incoming, directory } = await begin(t, same ? digest("sha256", "text") : "other");
    writeFileSync(join(directory, "a-1.0.zip"), "was here");
    await incoming.write(Buffer.from("text"));
    const commit = incoming.commit({ md5: digest("md5", "text") });
    if (same) assert.equal(await commit, "present");
    else await assert.rejects(commit, { code: "already-exists" });
    assert.deepEqual(readdirSync(directory), ["a-1.0.zip"]);
    assert.equal(readFileSync(join(directory, "a-1.0.zip"), "utf8"), "was here");
  }
});

test("each digest that is announced is compared", async (t) => {
  for (const name of ["sha256", "md5", "blake2b"] as const) {
    const { incoming, directory } = await begin(t);
    await incoming.write(Buffer.from("text"));
    const announced = { sha256: digest("sha256", "text"), [name]: "00" };
    await assert.rejects(incoming.commit(announced), {
      code: "digest-mismatch",
      message: new RegExp(`the ${name} `),
    });
    assert.deepEqual(readdirSync(directory), []);
  }
});

test("too much of it, and no digest", async (t) => {
  const { incoming, directory } = await begin(t);
  await incoming.write(Buffer.from("0123456789"));
  await assert.rejects(incoming.write(Buffer.from("x")), { code: "too-large" });
  await assert.rejects(incoming.commit({}), { code: "digest-missing" });
  assert.deepEqual(readdirSync(directory), []);
});

test("a large file goes on to the disk while it comes; that this failed is told at the end", async (t) => {
  const chunk = Buffer.alloc(1024 * 1024, "x");
  const whole = Buffer.concat(Array.from({ length: 6 }, () => chunk));
  const sha256 = createHash("sha256").update(whole).digest("hex");
  for (const failing of [false, true]) {
    const { incoming, directory, handle } = await begin(t, undefined, whole.length);
    let flushes = 0;
    const flush = handle.datasync.bind(handle);
    handle.datasync = async () => {
      flushes++;
      if (failing) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
      await flush();
    };
    for (let i = 0; i < 6; i++) await incoming.write(chunk);
    const commit = incoming.commit({ sha256 });
    if (failing) await assert.rejects(commit, { code: "EIO" });
    else assert.equal(await commit, "uploaded");
    assert.equal(flushes, 1);
    assert.deepEqual(readdirSync(directory), failing ? [] : ["a-1.0.zip"]);
    if (!failing) assert.ok(readFileSync(join(directory, "a-1.0.zip")).equals(whole));
  }
});
