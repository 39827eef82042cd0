import assert from "node:assert/strict";
import { test } from "node:test";
import { Listing } from "../../../lib/index/listed.js";
import { web } from "../../lab/web.js";

const { signal } = new AbortController();
const sha256 = "a".repeat(64);

test("a file is compared with what its index lists; each page is read once", async (t) => {
  let asked = 0;
  const origin = await web(t, (request, response) => {
    asked++;
    if (request.url !== "/simple/my-pkg/") return void response.writeHead(404).end();
    const file = (filename: string, hashes: object) => ({ filename, url: `/${filename}`, hashes });
    const files = [file("my_pkg-1.0.tar.gz", { sha256 }), file("my_pkg-1.1.tar.gz", {})];
    response.setHeader("content-type", "application/vnd.pypi.simple.v1+json");
    response.end(JSON.stringify({ meta: { "api-version": "1.0" }, name: "my-pkg", files }));
  });
  const listing = new Listing({ url: `${origin.replace("//", "//me:secret@")}/simple/` }, signal);
  assert.equal(listing.url, `${origin}/simple/`);
  const check = (filename: string, digest: string, name = "My_Pkg") =>
    listing.check({ filename, name, sha256: digest });
  assert.equal((await check("my_pkg-1.0.tar.gz", sha256)).sha256, sha256);
  assert.equal((await check("my_pkg-1.1.tar.gz", sha256)).sha256, undefined);
  await assert.rejects(check("my_pkg-1.0.tar.gz", "b".repeat(64)), {
    code: "hash-mismatch",
    message: /^my_pkg-1\.0\.tar\.gz came with other bytes than http:.* lists \(SHA-256 bbbb.*, not aaaa/,
  });
  await assert.rejects(check("my_pkg-1.2.tar.gz", sha256), { code: "not-listed" });
  assert.equal(asked, 1);
  await assert.rejects(check("other-1.0.tar.gz", sha256, "other"), { code: "not-listed" });
  assert.deepEqual(await listing.files("my.pkg"), await listing.files("my-pkg"));
});
