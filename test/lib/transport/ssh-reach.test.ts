import assert from "node:assert/strict";
import dns from "node:dns/promises";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { Passing } from "../../../lib/transport/second-tries.js";
import { reach, reachThrough } from "../../../lib/transport/ssh-reach.js";
import type { SshSettings } from "../../../lib/transport/ssh-settings.js";
import { failureOf } from "../../lab/reach.js";
import { tcpServer } from "../../lab/tcp-server.js";

const { signal } = new AbortController();

const settings = (port: number, more: Partial<SshSettings> = {}) =>
  ({ hostname: "web.test", port, family: 0, connectTimeout: 1000, ...more }) as SshSettings;

/** Names lead to these addresses, or to an error of getaddrinfo(3). */
function names(t: TestContext, lookUp: () => string[]) {
  const found = async () => lookUp().map((address) => ({ address, family: 4 }));
  const mock = t.mock.method(dns, "lookup", found as unknown as typeof dns.lookup);
  syncBuiltinESMExports();
  t.after(() => {
    mock.mock.restore();
    syncBuiltinESMExports();
  });
  return mock.mock;
}

test("the first address that answers; the others are told when none does", async (t) => {
  const { port } = await tcpServer(t, () => {});
  const mock = names(t, () => ["127.0.0.99", "127.0.0.1"]);
  const socket = await reach("web", settings(port), signal);
  assert.equal(socket.remoteAddress, "127.0.0.1");
  socket.destroy();
  assert.deepEqual(mock.calls[0]?.arguments, ["web.test", { all: true, family: 0 }]);
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port: closed } = free.address() as { port: number };
  free.close();
  const failure = await failureOf(reach("web", settings(closed), signal));
  assert.equal(failure.code, "refused");
  assert.match(failure.message, /^web \(web\.test port \d+\) at 127\.0\.0\.99 refuses connections/);
});

test("a look-up that fails may be tried again; an abort during it ends it", async (t) => {
  names(t, () => {
    throw Object.assign(new Error("getaddrinfo EAI_AGAIN web.test"), { code: "EAI_AGAIN" });
  });
  const failure = await failureOf(reach("web", settings(22), signal));
  assert.ok(failure instanceof Passing);
  assert.deepEqual(
    [failure.code, failure.message],
    ["unresolved", "cannot look up web (web.test port 22): EAI_AGAIN"],
  );
  const aborted = AbortSignal.abort(new Error("enough"));
  await assert.rejects(reach("web", settings(22), aborted), /enough/);
});

test("BindAddress is where we come from", async (t) => {
  let from: string | undefined;
  const { port, server } = await tcpServer(t, (socket) => {
    from = socket.remoteAddress;
  });
  const connected = once(server, "connection");
  const here = settings(port, { hostname: "127.0.0.1", bindAddress: "127.0.0.7" });
  (await reach("web", here, signal)).destroy();
  await connected;
  assert.equal(from, "127.0.0.7");
});

test("a host on the way that does not answer in time, or has gone", async () => {
  const silent = {
    forward: (_where: string, _name: string, _port: number, ends: AbortSignal) =>
      new Promise<never>((_, reject) => ends.addEventListener("abort", () => reject(ends.reason))),
  };
  const late = await failureOf(reachThrough(silent, "web", settings(22, { connectTimeout: 50 }), signal));
  assert.deepEqual(
    [late.code, late.message],
    ["timeout", "web (web.test port 22) does not answer within 0.05 s"],
  );
});
