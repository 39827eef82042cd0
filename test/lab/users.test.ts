import assert from "node:assert/strict";
import { Agent } from "node:http";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { until } from "./processes.js";
import { tcpServer } from "./tcp-server.js";
import { ask, startUsers } from "./users.js";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";

type Answer = (socket: Socket) => void;
const answers: Answer = (socket) => socket.write(ok);
const closes: Answer = (socket) => socket.destroy();
const closesMidway: Answer = (socket) => socket.end("HTTP/1.1 20");
const fails: Answer = (socket) => socket.write("HTTP/1.1 502 Bad\r\nContent-Length: 4\r\n\r\npage");

/** A server that meets the requests, in their order, with these answers; its URL, and how many it has had. */
async function meeting(t: TestContext, plan: readonly Answer[]) {
  const seen = { requests: 0 };
  const server = await tcpServer(t, (socket) => {
    socket.on("data", () => plan[seen.requests++]?.(socket));
  });
  return { url: `http://127.0.0.1:${server.port}/`, seen, server };
}

const cases: [what: string, plan: Answer[], page: string | RegExp, repeated: boolean, connections: number][] =
  [
    ["a connection that stays is used again", [answers, answers], "page", false, 1],
    ["one that closes before the reply: once more", [answers, closes, answers], "page", true, 2],
    ["twice is a failure", [answers, closes, closes], /hang up|ECONNRESET/, true, 2],
    ["once the reply has begun, it is one", [answers, closesMidway, answers], /hang up|ECONNRESET/, false, 1],
    ["an answer that is none is one", [answers, fails], /^status 502: page$/, false, 1],
  ];
for (const [what, plan, page, repeated, connections] of cases)
  test(what, async (t) => {
    const { url, seen, server } = await meeting(t, plan);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    assert.equal((await ask(agent, url)).page, "page");
    const asked = await ask(agent, url);
    if (typeof page === "string") assert.equal(asked.page, page);
    else assert.match((asked.page as Error).message, page);
    assert.equal(asked.repeated, repeated);
    assert.equal(server.connections, connections);
    assert.equal(seen.requests, connections === 2 ? 3 : 2);
  });

test("a new connection that is closed is a failure at once", async (t) => {
  const { url, seen } = await meeting(t, [closes]);
  const asked = await ask(new Agent({ keepAlive: true }), url);
  assert.match((asked.page as Error).message, /hang up|ECONNRESET/);
  assert.deepEqual([asked.repeated, seen.requests], [false, 1]);
});

test("users but the first keep their connections, and tell all that they asked", async (t) => {
  const { url, seen, server } = await meeting(t, Array(1000).fill(answers));
  const users = startUsers([url], { each: 3, pause: 5 });
  await until("30 requests", () => seen.requests >= 30);
  const first = users.take();
  await until("60 requests", () => seen.requests >= 60);
  const asked = [...first, ...(await users.stop())];
  assert.equal(asked.length, seen.requests);
  // Each of the three has asked about as often.
  const fresh = server.connections - 2;
  assert.ok(fresh > 10 && fresh < asked.length - 20, `${fresh} of ${asked.length}`);
  assert.ok(asked.some((one) => one.url === `${url}slow`));
  for (const { page, began, ended } of asked) {
    assert.equal(page, "page");
    assert.ok(began <= ended);
  }
});
