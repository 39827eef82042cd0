import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { pipIndex, pipIndexes, pipVariables } from "../../../lib/index/pip.js";
import { scratch } from "../../lab/program.js";

/** A .netrc that counts during the test. */
function netrc(t: TestContext, text: string): void {
  const file = join(scratch(t), "netrc");
  writeFileSync(file, text, { mode: 0o600 });
  process.env.NETRC = file;
  t.after(() => delete process.env.NETRC);
}

test("pip gets this index and no other, and asks nobody", async (t) => {
  netrc(t, "");
  assert.deepEqual(await pipIndex({ url: "https://pypi.example/simple/" }), {
    url: "https://pypi.example/simple/",
    flags: [
      "--isolated",
      "--no-input",
      "--disable-pip-version-check",
      "--no-cache-dir",
      "--index-url",
      "https://pypi.example/simple/",
    ],
    netrc: undefined,
    proxy: undefined,
    ca: undefined,
    trusted: false,
  });
});

test("the way to the index: a proxy, which may have a password, for the environment; authorities by a flag", async (t) => {
  netrc(t, "");
  const proxy = "http://me:secret@proxy.example:3128";
  const ca = join(scratch(t), "ca.pem");
  writeFileSync(ca, "-----BEGIN CERTIFICATE-----\n");
  const url = "https://pypi.example/simple/";
  const index = await pipIndex({ url, proxy, ca });
  assert.equal(index.proxy, proxy);
  assert.equal(index.ca, ca);
  assert.deepEqual(index.flags.slice(-2), ["--cert", ca]);
  assert.doesNotMatch(index.flags.join(" "), /proxy/);
  await assert.rejects(pipIndex({ url, ca: "/nowhere/ca.pem" }), { code: "bad-certificate" });
});

test("plain http to another machine is passed as trusted, with its port", async (t) => {
  netrc(t, "");
  const { flags, trusted } = await pipIndex({ url: "http://pypi.example:8080/simple/" });
  assert.deepEqual(flags.slice(-2), ["--trusted-host", "pypi.example:8080"]);
  assert.ok(trusted);
});

test("plain http to this machine is trusted by pip itself", async (t) => {
  netrc(t, "");
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9:80", "[::1]:8080"])
    assert.equal((await pipIndex({ url: `http://${host}/` })).trusted, false, host);
  for (const host of ["pypi.localhost", "127.example.com", "localhost.example.com"])
    assert.equal((await pipIndex({ url: `http://${host}/` })).trusted, true, host);
});

test("credentials of the URL are for a .netrc and in no flag", async (t) => {
  netrc(t, "");
  const index = await pipIndex({ url: "https://me:s%40cret@pypi.example:8443/simple/" });
  assert.equal(index.url, "https://pypi.example:8443/simple/");
  assert.equal(index.netrc, "machine pypi.example login me password s@cret\n");
  assert.doesNotMatch(index.flags.join(" "), /cret|me:/);
});

test("credentials of the user's own .netrc", async (t) => {
  netrc(t, "machine other login no password no\nmachine pypi.example login me password secret\n");
  assert.equal(
    (await pipIndex({ url: "https://pypi.example/simple/" })).netrc,
    "machine pypi.example login me password secret\n",
  );
});

test("words are quoted only where they must be: Python before 3.11 keeps the quotes", async (t) => {
  netrc(t, "");
  const written = async (password: string) =>
    (await pipIndex({ url: `https://me:${encodeURIComponent(password)}@a/` })).netrc
      ?.trim()
      .split(" password ")[1];
  assert.equal(await written("a#b'c$d"), "a#b'c$d");
  assert.equal(await written("#a"), '"#a"');
  assert.equal(await written("a b"), '"a b"');
  assert.equal(await written('a"b\\c'), '"a\\"b\\\\c"');
});

test("what is no URL of an index", async (t) => {
  netrc(t, "");
  for (const index of ["ftp://a/", "file:///srv", "http://", "x"])
    await assert.rejects(
      pipIndex({ url: index }),
      (error) => error instanceof Failure && error.code === "bad-index",
    );
});

test("each index is looked up once, and told of once where it is plain http", async (t) => {
  netrc(t, "");
  const warned: string[] = [];
  const lookUp = pipIndexes((line) => warned.push(line));
  const plain = "http://me:secret@pypi.example/simple/";
  assert.equal((await lookUp({ url: plain })).url, "http://pypi.example/simple/");
  for (const index of [plain, "https://pypi.example/simple/", plain]) await lookUp({ url: index });
  assert.deepEqual(warned, ["http://pypi.example/simple/ is plain http: pip is told to trust it"]);
  for (let i = 0; i < 2; i++) await assert.rejects(lookUp({ url: "x" }), { code: "bad-index" });
});

test("the same for a pip that somebody else starts, by the environment", async (t) => {
  netrc(t, "machine pypi.example login me password hush");
  const proxy = "http://proxy.example:3128";
  const index = await pipIndex({ url: "http://pypi.example:8080/simple/", proxy });
  assert.deepEqual(pipVariables(index, "/private/netrc"), {
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: "http://pypi.example:8080/simple/",
    PIP_EXTRA_INDEX_URL: "",
    PIP_FIND_LINKS: "",
    PIP_NO_INDEX: "",
    PIP_TRUSTED_HOST: "pypi.example:8080",
    NETRC: "/private/netrc",
    http_proxy: proxy,
    https_proxy: proxy,
  });
});
