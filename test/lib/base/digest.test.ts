import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../../lib/base/digest.js";
import { scratch } from "../../lab/program.js";

test("size and SHA-256 of a file of several chunks, and of an empty one", async (t) => {
  const file = join(scratch(t), "file");
  writeFileSync(file, "");
  const ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.deepEqual(await digestOf(file), { size: 0, sha256: ofNothing });
  writeFileSync(file, "a".repeat(1_000_000));
  // FIPS 180-2, appendix B.3.
  const ofMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  assert.deepEqual(await digestOf(file), { size: 1_000_000, sha256: ofMillion });
  await assert.rejects(digestOf(`${file}.none`), { code: "ENOENT" });
});
