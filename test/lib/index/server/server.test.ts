import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { request } from "../../../../lib/index/http.js";
import { indexServer, type ServerOptions } from "../../../../lib/index/server/server.js";
import { Store } from "../../../../lib/index/store/store.js";
import { arriving, published } from "../../../lab/index.js";
import { scratch } from "../../../lab/program.js";
import { listen } from "../../../lab/web.js";

async function serving(t: TestContext, options: Partial<ServerOptions> = {}) {
  const directory = scratch(t);
  const index = indexServer(new Store(directory), { uploads: true, ...options });
  return { directory, index, origin: await listen(t, index.server) };
}

/** Sends text over a connection of its own; resolves to all that came back when that is closed. */
function talk(origin: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  socket.write(text);
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve(heard));
  });
}

test("closing answers the requests under way and takes no others", async (t) => {
  const { directory, index, origin } = await serving(t);
  mkdirSync(join(directory, ".es-index"));
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
  while (arriving(directory).length === 0) await new Promise(setImmediate);
  const closed = index.close();
  await assert.rejects(request(origin), { code: "refused" });
  upload.end(form.slice(half));
  assert.equal(await answered, 200);
  assert.equal(await closed, 0);
  idle.destroy();
  assert.equal(readFileSync(join(directory, "a-1.0.zip"), "utf8"), "abc");
});

const startOfUpload =
  "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n";

test("closing does not wait for ever", async (t) => {
  const { index, origin } = await serving(t, { patience: { closing: 100 } });
  const request = talk(origin, startOfUpload);
  await new Promise<void>((resolve) => index.server.once("request", () => resolve()));
  assert.equal(await index.close(), 1);
  assert.equal(await request, "");
});

test("clients that take too long are cut off", async (t) => {
  const { directory, origin } = await serving(t, { patience: { headers: 200, body: 200 } });
  const nothing = talk(origin, "");
  const header = talk(origin, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  const body = talk(origin, startOfUpload);
  for (const heard of await Promise.all([nothing, header])) assert.match(heard, /^(HTTP\/1.1 408 |$)/);
  assert.equal(await body, "");
  assert.deepEqual(published(directory), []);
});

test("what is no HTTP, and too much of it", async (t) => {
  const { origin } = await serving(t);
  assert.match(await talk(origin, "hello\r\n\r\n"), /^HTTP\/1.1 400 /);
  assert.match(
    await talk(origin, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(50_000)}\r\n\r\n`),
    /^HTTP\/1.1 431 /,
  );
});

test("an address that cannot be listened on", async (t) => {
  const { index, origin } = await serving(t);
  const other = indexServer(new Store(scratch(t)), { uploads: true });
  t.after(() => other.close());
  const port = Number(new URL(origin).port);
  await assert.rejects(other.listen("127.0.0.1", port), { code: "cannot-listen" });
  await index.close();
  assert.equal(await other.listen("127.0.0.1", port), `http://127.0.0.1:${port}/simple/`);
});
