import assert from "node:assert/strict";
import { test } from "node:test";
import { Digests, digestNames } from "../../../lib/index/digests.js";

test("the three digests of one text, in pieces", async () => {
  const digests = await Digests.start(digestNames);
  digests.update(Buffer.from("a"));
  digests.update(Buffer.alloc(0));
  digests.update(Buffer.from("bc"));
  // RFC 1321, FIPS 180-4; the last by Python's hashlib.blake2b(b"abc", digest_size=32).
  assert.deepEqual(digests.end(), {
    md5: "900150983cd24fb0d6963f7d28e17f72",
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    blake2b: "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
  });
});

test("two at a time do not mix", async () => {
  const [one, two] = [await Digests.start(digestNames), await Digests.start(digestNames)];
  one.update(Buffer.from("one"));
  two.update(Buffer.from("two"));
  const again = await Digests.start(digestNames);
  again.update(Buffer.from("one"));
  const expected = again.end();
  assert.deepEqual(one.end(), expected);
  assert.notDeepEqual(two.end(), expected);
});
