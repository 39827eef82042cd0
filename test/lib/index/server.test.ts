import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readText, request } from "../../../lib/index/http.js";
import { indexServer, rangeOf } from "../../../lib/index/server.js";
import { Store } from "../../../lib/index/store.js";
import { scratch } from "../../lab/program.js";
import { listen } from "../../lab/web.js";

async function serving(t: TestContext, uploads = true) {
  const directory = scratch(t);
  const { server, close } = indexServer(new Store(directory), { uploads });
  return { directory, close, origin: await listen(t, server) };
}

async function get(url: string, headers: Record<string, string> = {}, method = "GET") {
  const answer = await request(url, { headers, method });
  return { ...answer, text: await readText(answer, 1e6) };
}

test("pages, redirects to normalised names, and what is not there", async (t) => {
  const { directory, origin } = await serving(t);
  writeFileSync(join(directory, "My_Pkg-1.0.zip"), "zip");
  assert.match((await get(`${origin}/simple/`)).text, /href="my-pkg\/"/);
  assert.match((await get(`${origin}/simple/my-pkg/`)).text, /files\/My_Pkg-1\.0\.zip#sha256=/);
  const json = await get(`${origin}/simple/my-pkg/`, { accept: "application/vnd.pypi.simple.v1+json" });
  assert.equal(json.headers["content-type"], "application/vnd.pypi.simple.v1+json");
  assert.equal(JSON.parse(json.text).files[0].filename, "My_Pkg-1.0.zip");
  for (const [from, to] of [
    ["/", "/simple/"],
    ["/simple", "/simple/"],
    ["/simple/my-pkg", "/simple/my-pkg/"],
    ["/simple/My_Pkg/", "/simple/my-pkg/"],
  ]) {
    const answer = await get(`${origin}${from}`);
    assert.equal(`${answer.status} ${answer.headers.location}`, `301 ${to}`);
  }
  for (const path of [
    "/simple/absent/",
    "/files/absent-1.0.zip",
    "/files/",
    "/files/..%2fx-1.0.zip",
    "/simple/..%2f/",
    "/etc/passwd",
  ])
    assert.equal((await get(`${origin}${path}`)).status, 404, path);
  assert.equal((await get(`${origin}/simple/%ff/`)).status, 400);
  assert.equal((await get(`${origin}/simple/`, {}, "DELETE")).status, 405);
});

test("files: whole, in part, only when they are new", async (t) => {
  const { directory, origin } = await serving(t);
  writeFileSync(join(directory, "a-1.0+x.zip"), "0123456789");
  const url = `${origin}/files/a-1.0%2Bx.zip`;
  const whole = await get(url);
  assert.equal(whole.text, "0123456789");
  const etag = whole.headers.etag ?? "";
  assert.equal((await get(url, { "if-none-match": etag })).status, 304);
  const part = await get(url, { range: "bytes=2-4" });
  assert.deepEqual([part.status, part.text, part.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
  assert.equal((await get(url, { range: "bytes=-3" })).text, "789");
  assert.equal((await get(url, { range: "bytes=8-", "if-range": etag })).text, "89");
  assert.equal((await get(url, { range: "bytes=8-", "if-range": '"other"' })).text, "0123456789");
  assert.equal((await get(url, { range: "bytes=10-" })).status, 416);
  const head = await get(url, {}, "HEAD");
  assert.deepEqual([head.status, head.text, head.headers["content-length"]], [200, "", "10"]);
});

test("ranges", () => {
  assert.deepEqual(rangeOf("bytes=0-0", 10), { start: 0, end: 0 });
  assert.deepEqual(rangeOf("bytes=5-99", 10), { start: 5, end: 9 });
  assert.deepEqual(rangeOf("bytes=-99", 10), { start: 0, end: 9 });
  for (const header of [undefined, "", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "lines=1-2"])
    assert.equal(rangeOf(header, 10), undefined, header);
  for (const header of ["bytes=10-", "bytes=-0", "bytes=99-100"])
    assert.equal(rangeOf(header, 10), "unsatisfiable", header);
  assert.equal(rangeOf("bytes=-1", 0), "unsatisfiable");
});

test("no uploads where they are not allowed, nor from web pages", async (t) => {
  const closed = await serving(t, false);
  const open = await serving(t);
  const body = () => ({
    length: 3,
    chunks: (async function* () {
      yield Buffer.from("abc");
    })(),
  });
  const refused = await request(`${closed.origin}/`, { method: "POST", body: body() });
  assert.equal(refused.status, 403);
  assert.match(refused.reason, /no uploads/);
  const page = await request(`${open.origin}/`, {
    method: "POST",
    body: body(),
    headers: { origin: "http://evil.example" },
  });
  assert.equal(page.status, 403);
  assert.deepEqual(readdirSync(open.directory), []);
});

test("closing answers the requests under way and takes no others", async (t) => {
  const { directory, close, origin } = await serving(t);
  mkdirSync(join(directory, "x"));
  const form = [
    "--b",
    'Content-Disposition: form-data; name="md5_digest"',
    "",
    "900150983cd24fb0d6963f7d28e17f72",
    "--b",
    'Content-Disposition: form-data; name="content"; filename="a-1.0.zip"',
    "",
    "abc",
    "--b--",
    "",
  ].join("\r\n");
  const half = form.indexOf("abc") + 1;
  const idle = connect(Number(new URL(origin).port), "127.0.0.1");
  const upload = httpRequest(`${origin}/`, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=b", "content-length": form.length },
  });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    upload.on("response", (response) => resolve(response.resume().statusCode));
    upload.on("error", reject);
  });
  upload.write(form.slice(0, half));
  while (!readdirSync(directory).some((name) => name.startsWith(".upload"))) await new Promise(setImmediate);
  const closed = close();
  await assert.rejects(request(origin), { code: "refused" });
  upload.end(form.slice(half));
  assert.equal(await answered, 200);
  await closed;
  idle.destroy();
  assert.equal(readFileSync(join(directory, "a-1.0.zip"), "utf8"), "abc");
});
