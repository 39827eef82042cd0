import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { isLoopback, readText, request } from "../../../lib/index/http.js";
import { nobody, web } from "../../lab/web.js";

/** A server that answers every connection with these bytes and hangs up. */
async function speaks(t: TestContext, bytes: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test("an answer comes with status, headers and body", async (t) => {
  const origin = await web(t, (asked, response) => {
    response.writeHead(418, "Short and stout", { "x-asked": `${asked.method} ${asked.url}` }).end("tea");
  });
  const answer = await request(`${origin}/pot?x=1`, { method: "PUT" });
  assert.equal(answer.status, 418);
  assert.equal(answer.reason, "Short and stout");
  assert.equal(answer.headers["x-asked"], "PUT /pot?x=1");
  assert.equal(await readText(answer, 10), "tea");
});

test("a streamed body has its length in the head", async (t) => {
  const origin = await web(t, async (asked, response) => {
    let got = "";
    for await (const chunk of asked) got += chunk;
    response.end(`${asked.headers["content-length"]} ${asked.headers["transfer-encoding"]} ${got}`);
  });
  const answer = await request(origin, {
    method: "POST",
    body: { length: 6, chunks: pieces("ab", "cd", "ef") },
  });
  assert.equal(await readText(answer, 100), "6 undefined abcdef");
});

test("an answer before the end of the body stops the sending", async (t) => {
  let given = 0;
  async function* endless() {
    for (; given < 10_000; given++) yield Buffer.alloc(64 * 1024);
  }
  const origin = await web(t, (_asked, response) => response.writeHead(413).end("too large"));
  const answer = await request(origin, {
    method: "POST",
    body: { length: 10_000 * 64 * 1024, chunks: endless() },
  });
  assert.equal(answer.status, 413);
  assert.equal(await readText(answer, 100), "too large");
  assert.ok(given < 10_000, `${given} pieces were sent`);
});

test("a source that fails ends the request, and no whole body arrives", async (t) => {
  let whole = false;
  const origin = await web(t, (asked, response) => {
    asked.on("error", () => {});
    asked.resume().on("end", () => {
      whole = true;
      response.end();
    });
  });
  async function* failing() {
    yield Buffer.from("ab");
    throw new Error("the disk is gone");
  }
  await assert.rejects(request(origin, { method: "POST", body: { length: 4, chunks: failing() } }), {
    message: /the disk is gone/,
  });
  assert.equal(whole, false);
});

test("credentials are for basic authentication, not those in the address", async (t) => {
  const origin = await web(t, (asked, response) => response.end(asked.headers.authorization ?? "none"));
  const text = async (...args: Parameters<typeof request>) => readText(await request(...args), 100);
  assert.equal(await text(origin.replace("//", "//joe:secret@")), "none");
  const credentials = { user: "jö", password: "a:b/%" };
  assert.equal(await text(origin, { credentials }), `Basic ${Buffer.from("jö:a:b/%").toString("base64")}`);
});

test("every way of not getting an answer has its word", async (t) => {
  const cut = await web(t, (asked) => asked.socket.destroy());
  const silent = await web(t, () => {});
  const cases: [string, Parameters<typeof request>[1], string][] = [
    [await nobody(), {}, "refused"],
    [`http://${"a".repeat(64)}.invalid/`, {}, "unresolved"],
    [cut, {}, "reset"],
    [silent, { silence: 100 }, "timeout"],
    [await speaks(t, "SSH-2.0-OpenSSH\r\n"), {}, "bad-answer"],
    [(await speaks(t, "HTTP/1.1 400 Bad\r\n\r\n")).replace("http:", "https:"), {}, "bad-answer"],
    ["ftp://127.0.0.1/", {}, "bad-index"],
    ["no url", {}, "bad-index"],
  ];
  for (const [address, options, code] of cases)
    await assert.rejects(request(address, options), (error: Error & { code: string }) => {
      assert.equal(error.code, code, `${address}: ${error.stack}`);
      return true;
    });
});

test("a body that is cut off or too long is no text", async (t) => {
  const origin = await web(t, (asked, response) => {
    response.writeHead(200, { "content-length": 10 });
    response.write("12345");
    if (asked.url === "/cut") setTimeout(() => response.destroy(), 20);
    else response.end("67890");
  });
  await assert.rejects(readText(await request(`${origin}/cut`), 100), { code: "reset" });
  await assert.rejects(readText(await request(`${origin}/long`), 9), { code: "bad-answer" });
});

test("a signal ends a request with its reason", async (t) => {
  const origin = await web(t, () => {});
  const stop = AbortSignal.timeout(50);
  await assert.rejects(request(origin, { signal: stop }), { name: "TimeoutError" });
  await assert.rejects(request(origin, { signal: stop }), { name: "TimeoutError" });
});

test("a proxy of the environment is asked for other machines, never for this one", async (t) => {
  const proxy = await web(t, (asked, response) => response.end(`proxied ${asked.url}`));
  const origin = await web(t, (_asked, response) => response.end("direct"));
  process.env.http_proxy = proxy;
  t.after(() => delete process.env.http_proxy);
  assert.equal(
    await readText(await request("http://pypi.example/simple/"), 100),
    "proxied http://pypi.example/simple/",
  );
  assert.equal(await readText(await request(origin), 100), "direct");
});

test("names of this machine", () => {
  for (const name of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "::1", "index.localhost"])
    assert.ok(isLoopback(name), name);
  for (const name of ["10.0.0.1", "0.0.0.0", "[::]", "localhost.example", "127.example"])
    assert.ok(!isLoopback(name), name);
});
