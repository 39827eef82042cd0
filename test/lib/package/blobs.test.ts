import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { readBlob, readBlobs } from "../../../lib/package/blobs.js";
import { repository } from "../../lab/repository.js";

const { signal } = new AbortController();

test("blobs come in the order asked, byte for byte, whatever their size", async (t) => {
  const sizes = [0, 1, 511, 65_535, 65_536, 65_537, 3_000_000, 0, 2];
  const contents = sizes.map((size) => randomBytes(size));
  const repo = await repository(t, Object.fromEntries(contents.map((bytes, i) => [`f${i}`, bytes])));
  const ids = await Promise.all(sizes.map((_, i) => repo.git("rev-parse", `HEAD:f${i}`)));
  const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const seen: string[] = [];
  let index = 0;
  for await (const blob of readBlobs(repo.directory, ids, signal)) {
    assert.equal(blob.size, sizes[index]);
    const hash = createHash("sha256");
    for await (const chunk of blob.chunks()) hash.update(chunk);
    seen.push(hash.digest("hex"));
    index++;
  }
  assert.deepEqual(seen, contents.map(digest));
  assert.deepEqual(await readBlob(repo.directory, ids[3] as string, signal), contents[3]);
});

test("no blobs, blobs that are not there, and readers that stop early", async (t) => {
  const repo = await repository(t, { a: "first", b: randomBytes(2_000_000) });
  const a = await repo.git("rev-parse", "HEAD:a");
  const b = await repo.git("rev-parse", "HEAD:b");
  const all = async (ids: string[]) => {
    for await (const blob of readBlobs(repo.directory, ids, signal)) for await (const _ of blob.chunks());
  };
  await all([]);
  await assert.rejects(all([a, "0".repeat(40)]), {
    code: "missing-object",
    message: /lacks the object 0000/,
  });
  await assert.rejects(all([await repo.git("rev-parse", "HEAD^{tree}")]), { code: "git-failed" });
  for await (const blob of readBlobs(repo.directory, [a, b], signal)) {
    for await (const chunk of blob.chunks()) assert.equal(chunk.toString(), "first");
    break;
  }
  const unread = async () => {
    for await (const _ of readBlobs(repo.directory, [b, a], signal));
  };
  await assert.rejects(unread(), /was not read to its end/);
});
