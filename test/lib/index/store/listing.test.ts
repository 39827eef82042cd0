import assert from "node:assert/strict";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isSettled, Listing } from "../../../../lib/index/store/listing.js";
import { scratch } from "../../../lab/program.js";

const nanoseconds = (ms: number) => BigInt(ms) * 1_000_000n;

test("a time tells of later changes when it is no longer this moment's", () => {
  const now = 1_700_000_000_500;
  assert.ok(!isSettled(nanoseconds(now), now));
  assert.ok(!isSettled(nanoseconds(now - 50), now));
  assert.ok(isSettled(nanoseconds(now - 200), now));
  assert.ok(!isSettled(nanoseconds(now + 50), now));
  assert.ok(isSettled(nanoseconds(now + 5001), now));
  // A file system with whole seconds only.
  assert.ok(!isSettled(nanoseconds(now - 500 - 1000), now));
  assert.ok(isSettled(nanoseconds(now - 500 - 3000), now));
});

test("names come when they may have changed, and only then", async (t) => {
  const path = scratch(t);
  const listing = new Listing(path);
  assert.deepEqual(await listing.read(), []);
  // Made in this very moment: nobody can tell whether there was a further change.
  assert.deepEqual(await listing.read(), []);
  writeFileSync(join(path, "a"), "");
  assert.deepEqual(await listing.read(), ["a"]);
  const past = Date.now() / 1000 - 10;
  utimesSync(path, past, past);
  assert.deepEqual(await listing.read(), ["a"]);
  assert.equal(await listing.read(), undefined);
  writeFileSync(join(path, "b"), "");
  assert.deepEqual((await listing.read())?.sort(), ["a", "b"]);
});

test("a directory that is missing", async (t) => {
  const listing = new Listing(join(scratch(t), "none"));
  await assert.rejects(listing.read(), { code: "ENOENT" });
  assert.deepEqual(await listing.read({ mayBeMissing: true }), []);
});
