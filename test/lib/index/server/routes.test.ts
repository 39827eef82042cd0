import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type RequestOptions, readText, request } from "../../../../lib/index/http.js";
import { Htpasswd } from "../../../../lib/index/server/htpasswd.js";
import { indexServer, type ServerOptions } from "../../../../lib/index/server/server.js";
import { Store, type StoreOptions } from "../../../../lib/index/store/store.js";
import { yank } from "../../../../lib/index/store/yanked.js";
import { published } from "../../../lab/index.js";
import { scratch } from "../../../lab/program.js";
import { listen } from "../../../lab/web.js";

const json = { accept: "application/vnd.pypi.simple.v1+json" };

async function serving(
  t: TestContext,
  { store, ...options }: Partial<ServerOptions> & { store?: StoreOptions } = {},
) {
  const directory = scratch(t);
  const { server } = indexServer(new Store(directory, store), { uploads: true, ...options });
  const origin = await listen(t, server);
  const get = async (path: string, headers: Record<string, string> = {}, more: RequestOptions = {}) => {
    const answer = await request(`${origin}${path}`, { headers, ...more });
    return { ...answer, text: await readText(answer, 1e6) };
  };
  return { directory, origin, get };
}

/** A form that uploads a file, in one piece. */
function form(filename: string, text: string): { type: string; bytes: Buffer } {
  const part = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name=${name}\r\n\r\n${value}\r\n`;
  const digest = createHash("sha256").update(text).digest("hex");
  const bytes = Buffer.from(
    `${part(`"content"; filename="${filename}"`, text)}${part('"sha256_digest"', digest)}--b--\r\n`,
  );
  return { type: "multipart/form-data; boundary=b", bytes };
}

function uploading(filename: string, text = "text", headers: Record<string, string> = {}): RequestOptions {
  const { type, bytes } = form(filename, text);
  return {
    method: "POST",
    headers: { "content-type": type, ...headers },
    body: {
      length: bytes.length,
      chunks: (async function* () {
        yield bytes;
      })(),
    },
  };
}

test("pages, redirects to normalised names, and what is not there", async (t) => {
  const { directory, get } = await serving(t);
  writeFileSync(join(directory, "My_Pkg-1.0.zip"), "zip");
  assert.match((await get("/")).text, /<a href="simple\/my-pkg\/">my-pkg<\/a> 1 file/);
  assert.match((await get("/simple/")).text, /href="my-pkg\/"/);
  assert.match((await get("/simple/my-pkg/")).text, /files\/My_Pkg-1\.0\.zip#sha256=/);
  const page = await get("/simple/my-pkg/", json);
  assert.equal(page.headers["content-type"], "application/vnd.pypi.simple.v1+json");
  assert.equal(JSON.parse(page.text).files[0].filename, "My_Pkg-1.0.zip");
  assert.equal(
    (await get(`/simple/?format=${json.accept}`)).text,
    '{"meta":{"api-version":"1.1"},"projects":[{"name":"my-pkg"}]}',
  );
  for (const [from, to] of [
    ["/simple", "simple/"],
    ["/simple/my-pkg", "my-pkg/"],
    ["/simple/My_Pkg", "my-pkg/"],
    ["/simple/My_Pkg/", "../my-pkg/"],
  ] as const) {
    const answer = await get(from);
    assert.equal(`${answer.status} ${answer.headers.location}`, `301 ${to}`);
  }
  for (const path of [
    "/simple/absent/",
    "/files/absent-1.0.zip",
    "/files/",
    "/files/..%2fx-1.0.zip",
    "/files/My_Pkg-1.0.zip.metadata",
    "/files/.es-index",
    "/simple/..%2f/",
    "/etc/passwd",
    "//evil.example/simple/",
  ])
    assert.equal((await get(path)).status, 404, path);
  assert.equal((await get("/simple/%ff/")).status, 400);
  assert.equal((await get("/simple/", {}, { method: "DELETE" })).status, 405);
  writeFileSync(join(directory, "other-1.0.zip"), "zip");
  assert.match((await get("/simple/")).text, /href="other\/"/);
});

test("pages say what is yanked and what is in wheels", async (t) => {
  const readMetadata = async () => Buffer.from("Requires-Python: >=3.8\n");
  const { directory, get } = await serving(t, { store: { readMetadata } });
  const name = "a-1.0-py3-none-any.whl";
  writeFileSync(join(directory, name), "wheel");
  const first = await get("/simple/a/", json);
  const [file] = JSON.parse(first.text).files;
  assert.equal(file["requires-python"], ">=3.8");
  assert.equal(file.yanked, undefined);
  const metadata = await get(`/files/${name}.metadata`);
  assert.equal(metadata.text, "Requires-Python: >=3.8\n");
  assert.equal(createHash("sha256").update(metadata.text).digest("hex"), file["core-metadata"].sha256);
  assert.equal((await get("/simple/a/", { ...json, "if-none-match": first.headers.etag ?? "" })).status, 304);
  await yank(directory, name, "broken");
  const later = await get("/simple/a/", { ...json, "if-none-match": first.headers.etag ?? "" });
  assert.equal(JSON.parse(later.text).files[0].yanked, "broken");
});

test("unknown projects are looked for elsewhere, known ones never", async (t) => {
  const { directory, get } = await serving(t, { upstream: "http://up.example/simple/" });
  const known = ["My_Pkg-1.0.zip", "yanked-1.0.zip", "gone-1.0.zip", "folder-1.0.zip", "a-2-1.zip"];
  for (const name of known.slice(0, 3)) writeFileSync(join(directory, name), "");
  mkdirSync(join(directory, "folder-1.0.zip"));
  await yank(directory, "yanked-1.0.zip", "");
  const unknown = await get("/simple/Other.Pkg/");
  assert.equal(unknown.headers.location, "../other-pkg/");
  const sent = await get("/simple/other-pkg/");
  assert.equal(`${sent.status} ${sent.headers.location}`, "302 http://up.example/simple/other-pkg/");
  for (const name of ["my-pkg", "yanked", "gone", "folder"])
    assert.equal((await get(`/simple/${name}/`)).status, 200, name);
  writeFileSync(join(directory, "other_pkg-0.1.zip"), "");
  assert.equal((await get("/simple/other-pkg/")).status, 200);
  assert.equal((await get("/files/unknown-1.0.zip")).status, 404);
});

test("no uploads where they are not allowed, nor from web pages", async (t) => {
  const closed = await serving(t, { uploads: false });
  const refused = await closed.get("/", {}, uploading("a-1.0.zip"));
  assert.equal(refused.status, 403);
  assert.match(refused.reason, /no uploads/);
  const open = await serving(t);
  const page = await open.get("/", {}, uploading("a-1.0.zip", "x", { origin: "http://evil.example" }));
  assert.equal(page.status, 403);
  assert.deepEqual([...published(open.directory), ...published(closed.directory)], []);
});

async function users(t: TestContext) {
  const path = join(scratch(t), "users");
  writeFileSync(path, "ann:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n");
  return Htpasswd.open(path, assert.fail);
}

test("uploads ask for a password where there are some", async (t) => {
  const { directory, get } = await serving(t, { passwords: await users(t) });
  const as = (password: string) => ({ credentials: { user: "ann", password } });
  const nobody = await get("/", {}, uploading("a-1.0.zip"));
  assert.equal(nobody.status, 401);
  assert.match(nobody.headers["www-authenticate"] ?? "", /^Basic realm=/);
  const wrong = await get("/", {}, { ...uploading("a-1.0.zip"), ...as("wrong") });
  assert.deepEqual([wrong.status, wrong.reason], [401, "the password is wrong"]);
  assert.deepEqual(published(directory), []);
  const right = await get("/", {}, { ...uploading("a-1.0.zip"), ...as("secret") });
  assert.deepEqual([right.status, right.headers["essay-outcome"]], [200, "uploaded"]);
  assert.equal((await get("/simple/a/")).status, 200);
});

test("a private index asks everybody for everything", async (t) => {
  const { directory, get } = await serving(t, {
    passwords: await users(t),
    private: true,
    upstream: "http://up.example/simple/",
  });
  writeFileSync(join(directory, "a-1.0.zip"), "text");
  const ann = { credentials: { user: "ann", password: "secret" } };
  for (const path of [
    "/",
    "/simple",
    "/simple/",
    "/simple/a/",
    "/simple/none/",
    "/files/a-1.0.zip",
    "/none",
  ]) {
    assert.equal((await get(path)).status, 401, path);
    assert.notEqual((await get(path, {}, ann)).status, 401, path);
  }
  assert.equal((await get("/simple/", {}, { method: "PUT" })).status, 401);
});

test("more than is taken is refused, before it has come", async (t) => {
  const { directory, origin, get } = await serving(t, { most: 100, store: { most: 100 } });
  const large = await get("/", {}, uploading("a-1.0.zip", "x".repeat(101)));
  assert.deepEqual(
    [large.status, large.text],
    [413, "a-1.0.zip has more than the 100 bytes that this index takes\n"],
  );
  assert.equal((await get("/", {}, uploading("a-1.0.zip", "x".repeat(100)))).status, 200);
  // Of a client that waits for leave to send its body, none comes.
  const announced = await new Promise<string>((resolve, reject) => {
    const upload = httpRequest(origin, {
      method: "POST",
      headers: {
        "content-length": 10 ** 12,
        expect: "100-continue",
        "content-type": "multipart/form-data; boundary=b",
      },
    });
    upload.on("continue", () => reject(new Error("it was told to send")));
    upload.on("response", (answer) => resolve(`${answer.resume().statusCode}`));
    upload.on("error", reject);
    upload.flushHeaders();
  });
  assert.equal(announced, "413");
  assert.deepEqual(published(directory), ["a-1.0.zip"]);
});

test("a client that waits for leave to send gets it", async (t) => {
  const { origin } = await serving(t);
  const { type, bytes } = form("a-1.0.zip", "text");
  const status = await new Promise((resolve, reject) => {
    const upload = httpRequest(origin, {
      method: "POST",
      headers: { "content-length": bytes.length, expect: "100-continue", "content-type": type },
    });
    upload.on("continue", () => upload.end(bytes));
    upload.on("response", (answer) => resolve(answer.resume().statusCode));
    upload.on("error", reject);
    upload.flushHeaders();
  });
  assert.equal(status, 200);
});
