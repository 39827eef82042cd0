import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { readChunks, request } from "../../../../lib/index/http.js";
import {
  prepare,
  rangeOf,
  redirect,
  say,
  sendBytes,
  sendFile,
  sendPage,
} from "../../../../lib/index/server/replies.js";
import { Store } from "../../../../lib/index/store/store.js";
import { scratch } from "../../../lab/program.js";
import { web } from "../../../lab/web.js";

async function get(url: string, headers: Record<string, string> = {}, method = "GET") {
  const answer = await request(url, { headers, method });
  const chunks: Buffer[] = [];
  for await (const chunk of readChunks(answer)) chunks.push(chunk);
  return { ...answer, bytes: Buffer.concat(chunks), text: Buffer.concat(chunks).toString() };
}

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

async function fileServer(t: TestContext, name: string, text: string) {
  const directory = scratch(t);
  writeFileSync(join(directory, name), text);
  const store = new Store(directory);
  const url = await web(t, async (asked, response) => {
    const file = await store.openFile(name);
    assert.ok(file);
    await sendFile(asked, response, file);
  });
  return { url, path: join(directory, name) };
}

test("files: whole, in part, only when they are new", async (t) => {
  const { url, path } = await fileServer(t, "a-1.0.zip", "0123456789");
  const whole = await get(url);
  assert.equal(whole.text, "0123456789");
  const { etag = "", "last-modified": modified = "" } = whole.headers;
  for (const headers of [
    { "if-none-match": etag },
    { "if-none-match": `"x", W/${etag}` },
    { "if-none-match": "*" },
    { "if-modified-since": modified },
  ]) {
    const answer = await get(url, headers as unknown as Record<string, string>);
    assert.deepEqual([answer.status, answer.text, answer.headers.etag], [304, "", etag]);
  }
  for (const headers of [
    { "if-none-match": '"x"', "if-modified-since": modified },
    { "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
    { "if-modified-since": "nonsense" },
  ])
    assert.equal((await get(url, headers as unknown as Record<string, string>)).status, 200);
  const part = await get(url, { range: "bytes=2-4" });
  assert.deepEqual([part.status, part.text, part.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
  assert.equal((await get(url, { range: "bytes=-3" })).text, "789");
  for (const condition of [etag, modified])
    assert.equal((await get(url, { range: "bytes=8-", "if-range": condition })).text, "89");
  for (const condition of ['"other"', `W/${etag}`, "Thu, 01 Jan 1970 00:00:00 GMT"])
    assert.equal((await get(url, { range: "bytes=8-", "if-range": condition })).text, "0123456789");
  const beyond = await get(url, { range: "bytes=10-" });
  assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, "bytes */10"]);
  const head = await get(url, { range: "bytes=2-4" }, "HEAD");
  assert.deepEqual([head.status, head.text, head.headers["content-length"]], [200, "", "10"]);
  writeFileSync(path, "other text");
  assert.equal((await get(url, { "if-none-match": etag })).text, "other text");
  assert.equal((await get(url, { range: "bytes=8-", "if-range": etag })).text, "other text");
});

test("an empty file", async (t) => {
  const { url } = await fileServer(t, "a-1.0.zip", "");
  assert.deepEqual([(await get(url)).status, (await get(url, { range: "bytes=0-" })).status], [200, 416]);
});

test("pages: packed for those who take that, and only when they are new", async (t) => {
  const page = prepare({ type: "text/html", text: "<p>ü".repeat(1000) });
  const url = await web(t, (asked, response) => void sendPage(asked, response, page));
  const plain = await get(url);
  assert.equal(plain.text, "<p>ü".repeat(1000));
  assert.equal(plain.headers["content-encoding"], undefined);
  const packed = await get(url, { "accept-encoding": "gzip, deflate" });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.match(packed.headers.vary ?? "", /accept-encoding/);
  assert.equal(gunzipSync(packed.bytes).toString(), plain.text);
  assert.notEqual(packed.headers.etag, plain.headers.etag);
  const again = await get(url, {
    "accept-encoding": "gzip",
    "if-none-match": packed.headers.etag ?? "",
  });
  assert.deepEqual([again.status, again.text], [304, ""]);
  const head = await get(url, {}, "HEAD");
  assert.deepEqual([head.text, head.headers["content-length"]], ["", String(plain.bytes.length)]);
});

test("a short page is not packed", async (t) => {
  const page = prepare({ type: "text/html", text: "short" });
  const url = await web(t, (asked, response) => void sendPage(asked, response, page));
  assert.equal((await get(url, { "accept-encoding": "gzip" })).text, "short");
});

test("sentences, redirects, bytes", async (t) => {
  const url = await web(t, (asked, response) => {
    if (asked.url === "/bytes") sendBytes(asked, response, Buffer.from("bytes"), "text/plain");
    else if (asked.url === "/redirect") redirect(response, 302, "../there/");
    else say(response, 404, "nichts für dich\r\nX: y");
  });
  const said = await get(`${url}/`);
  assert.deepEqual(
    [said.status, said.reason, said.text],
    [404, "nichts f?r dich??X: y", "nichts für dich\r\nX: y\n"],
  );
  const sent = await get(`${url}/redirect`);
  assert.deepEqual([sent.status, sent.headers.location], [302, "../there/"]);
  const bytes = await get(`${url}/bytes`);
  assert.equal(bytes.text, "bytes");
  assert.equal((await get(`${url}/bytes`, { "if-none-match": bytes.headers.etag ?? "" })).status, 304);
});
