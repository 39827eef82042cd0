import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isLoopback, proxyFor, readAuthorities } from "../../../lib/index/access.js";
import { scratch } from "../../lab/program.js";

test("names of this machine", () => {
  for (const name of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "::1", "index.localhost"])
    assert.ok(isLoopback(name), name);
  for (const name of ["10.0.0.1", "0.0.0.0", "[::]", "localhost.example", "127.example"])
    assert.ok(!isLoopback(name), name);
});

test("the proxy that is named for an index counts, otherwise the environment's for other machines", (t) => {
  const far = new URL("https://pypi.example/simple/");
  const near = new URL("http://127.0.0.1:8080/simple/");
  for (const name of ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
    delete process.env[name];
  assert.equal(proxyFor(far, {}), undefined);
  const proxy = "http://me:secret@proxy.example:3128";
  for (const url of [far, near])
    assert.deepEqual(proxyFor(url, { proxy }), { url: proxy, name: "the proxy http://proxy.example:3128/" });
  process.env.https_proxy = "http://other:1";
  t.after(() => delete process.env.https_proxy);
  assert.deepEqual(proxyFor(far, {}), { url: undefined, name: "the proxy that the environment names" });
  assert.equal(proxyFor(near, {}), undefined);
});

test("a file of authorities is read, and must be one", async (t) => {
  const file = join(scratch(t), "ca.pem");
  await assert.rejects(readAuthorities(file), {
    code: "bad-certificate",
    message: /cannot be read.*ca\.pem/,
  });
  writeFileSync(file, "not a certificate");
  await assert.rejects(readAuthorities(file), { code: "bad-certificate", message: /ca\.pem holds no/ });
  writeFileSync(file, "-----BEGIN CERTIFICATE-----\n");
  assert.equal(await readAuthorities(file), "-----BEGIN CERTIFICATE-----\n");
});
