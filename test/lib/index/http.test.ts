import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { readText, request } from "../../../lib/index/http.js";
import { secureWeb } from "../../lab/tls.js";
import { listen, nobody, web } from "../../lab/web.js";

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

/** A proxy that connects its clients with whatever they ask for; `asked` are the hosts. */
async function tunnel(t: TestContext): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createHttpServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    const { hostname, port } = new URL(`http://${request.url}`);
    const far = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      far.pipe(socket).pipe(far);
    });
    for (const end of [far, socket]) end.on("error", () => {});
  });
  return { url: await listen(t, server), asked };
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

test("the proxy of the configuration is asked for every machine, with its own credentials", async (t) => {
  const proxy = await web(t, (asked, response) =>
    response.end(`${asked.url} ${asked.headers["proxy-authorization"]} ${asked.headers.authorization}`),
  );
  const way = { proxy: proxy.replace("//", "//me:secret@") };
  const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  for (const url of ["http://pypi.example/simple/", "http://127.0.0.1:1/"])
    assert.equal(await readText(await request(url, way), 1000), `${url} ${basic} undefined`);
  const gone = (await nobody()).replace("//", "//me:secret@");
  await assert.rejects(request("http://pypi.example/", { proxy: gone }), (error: Error) => {
    assert.match(error.message, /^cannot reach http:\/\/pypi\.example\/ \(through the proxy http:\/\/127/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});

test("a server over TLS must have a certificate of the authorities that count, also behind a proxy", async (t) => {
  const { origin, ca } = await secureWeb(t, (_asked, response) => response.end("secure"));
  await assert.rejects(request(origin), { code: "bad-certificate", message: /--ca-bundle/ });
  await assert.rejects(request(origin.replace("127.0.0.1", "localhost"), { ca }), {
    code: "bad-certificate",
    message: /for other names/,
  });
  await assert.rejects(request(origin, { ca: `${ca}.absent` }), { code: "bad-certificate" });
  assert.equal(await readText(await request(origin, { ca }), 100), "secure");
  const proxy = await tunnel(t);
  assert.equal(await readText(await request(origin, { ca, proxy: proxy.url }), 100), "secure");
  await assert.rejects(request(origin, { proxy: proxy.url }), { code: "bad-certificate" });
  assert.deepEqual(proxy.asked, Array(2).fill(new URL(origin).host));
});
