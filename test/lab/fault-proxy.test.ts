// The lab's broken networks are broken as they say.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Fault, type FaultProxy, startProxy } from "./fault-proxy.js";
import { freePort } from "./ports.js";

/** What one end has seen. */
interface Seen {
  socket: Socket;
  bytes: Buffer;
  /** "open", "end" (FIN came), or the code of an error. */
  state: string;
}

function watched(socket: Socket): Seen {
  const seen: Seen = { socket, bytes: Buffer.alloc(0), state: "open" };
  socket.on("data", (chunk) => {
    seen.bytes = Buffer.concat([seen.bytes, chunk]);
  });
  socket.on("end", () => {
    seen.state = "end";
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    seen.state = error.code ?? "error";
  });
  return seen;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5);
}

/** A proxy with a host behind it; `pair` connects and gives both ends. */
async function network(t: TestContext, delay?: number) {
  const ends: Seen[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => ends.push(watched(socket)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const from = { address: "127.0.0.1", port: await freePort() };
  const proxy: FaultProxy = await startProxy([{ from, to: { address: "127.0.0.1", port } }], delay);
  t.after(async () => {
    await proxy.stop();
    for (const { socket } of ends) socket.destroy();
    server.close();
  });
  const pair = async () => {
    const before = ends.length;
    const client = watched(connect({ host: from.address, port: from.port, allowHalfOpen: true }));
    await until(() => ends.length > before);
    return { client, host: ends[before] as Seen };
  };
  return { proxy, pair };
}

const fault = (kind: Fault["kind"], after: number, more: Partial<Fault> = {}): Fault => ({
  kind,
  after,
  direction: "up",
  connection: 0,
  ...more,
});

test("a sound network passes on and counts, and FIN goes one way at a time", async (t) => {
  const { proxy, pair } = await network(t);
  const { client, host } = await pair();
  client.socket.end("question");
  await until(() => host.state === "end");
  assert.equal(host.bytes.toString(), "question");
  host.socket.end("long answer");
  await until(() => client.state === "end");
  assert.equal(client.bytes.toString(), "long answer");
  const bursts = [
    { direction: "up", from: 0, to: 8 },
    { direction: "down", from: 0, to: 11 },
  ];
  assert.deepEqual(proxy.connections, [{ route: 0, up: 8, down: 11, bursts, broken: false }]);
});

for (const [kind, state] of [
  ["reset", "ECONNRESET"],
  ["end", "end"],
] as const)
  for (const direction of ["up", "down"] as const)
    test(`${kind} after 5 bytes ${direction}`, async (t) => {
      const { proxy, pair } = await network(t);
      proxy.plan([fault(kind, 5, { direction })]);
      const { client, host } = await pair();
      const [writer, reader] = direction === "up" ? [client, host] : [host, client];
      writer.socket.write("123");
      await until(() => reader.bytes.length === 3);
      writer.socket.write("4567");
      await until(() => client.state !== "open" && host.state !== "open");
      assert.equal(reader.bytes.toString(), "12345");
      // (An RST that comes right behind data looks like an end to Node.)
      assert.equal(writer.state, state);
    });

test("a fault at the beginning lets nothing pass", async (t) => {
  const { proxy, pair } = await network(t);
  proxy.plan([fault("stall", 0, { direction: "down" })]);
  const { client, host } = await pair();
  client.socket.write("question");
  host.socket.write("answer");
  await pause(100);
  assert.deepEqual([client.bytes.length, host.bytes.length], [0, 0]);
});

test("stall: nothing passes in either direction, and nobody is told", async (t) => {
  const { proxy, pair } = await network(t);
  proxy.plan([fault("stall", 5)]);
  const { client, host } = await pair();
  client.socket.write("1234567");
  await until(() => host.bytes.length === 5);
  host.socket.write("answer");
  client.socket.destroy();
  await pause(100);
  assert.deepEqual([client.bytes.length, host.bytes.length], [0, 5]);
  assert.equal(host.state, "open");
  proxy.plan([]);
  await until(() => host.state !== "open");
});

test("pause: all goes on later, and nothing is lost", async (t) => {
  const { proxy, pair } = await network(t);
  proxy.plan([fault("pause", 5, { ms: 300 })]);
  const { client, host } = await pair();
  client.socket.end("1234567");
  await until(() => host.bytes.length === 5);
  host.socket.write("answer");
  await pause(100);
  assert.deepEqual([client.bytes.length, host.bytes.length], [0, 5]);
  await until(() => host.state === "end" && client.bytes.length === 6);
  assert.equal(host.bytes.toString(), "1234567");
});

test("corrupt: one byte, and only that one, is another", async (t) => {
  const { proxy, pair } = await network(t);
  proxy.plan([fault("corrupt", 3)]);
  const { client, host } = await pair();
  client.socket.write("abc");
  await until(() => host.bytes.length === 3);
  client.socket.end("defg");
  await until(() => host.state === "end");
  assert.deepEqual(
    host.bytes,
    Buffer.concat([Buffer.from("abc"), Buffer.from([0x64 ^ 0xff]), Buffer.from("efg")]),
  );
});

test("the connection that the plan names is hit, and no other", async (t) => {
  const { proxy, pair } = await network(t);
  proxy.plan([fault("end", 1, { connection: 1 })]);
  const first = await pair();
  const second = await pair();
  for (const { client } of [first, second]) client.socket.write("12");
  await until(() => second.client.state === "end" && first.host.bytes.length === 2);
  assert.equal(first.client.state, "open");
  assert.deepEqual(
    proxy.connections.map(({ up, broken }) => ({ up, broken })),
    [
      { up: 2, broken: false },
      { up: 1, broken: true },
    ],
  );
});

test("a delayed network is late by its delay, and no narrower", async (t) => {
  const { pair } = await network(t, 50);
  const { client, host } = await pair();
  const began = performance.now();
  client.socket.end(Buffer.alloc(20_000_000, 1));
  await once(host.socket, "data");
  assert.ok(performance.now() - began >= 45, "late");
  await until(() => host.state === "end");
  assert.equal(host.bytes.length, 20_000_000);
});

test("cut: nobody is told of anything, until it is cut no more", async (t) => {
  const { proxy, pair } = await network(t);
  const [left, right] = [await pair(), await pair()];
  left.client.socket.write("before");
  await until(() => left.host.bytes.length === 6);
  proxy.cut([0]);
  const late = await pair();
  for (const { client, host } of [left, late]) {
    client.socket.write("up");
    host.socket.write("down");
  }
  right.client.socket.resetAndDestroy();
  await pause(100);
  assert.deepEqual(
    [left.host, left.client, late.host, late.client].map(({ bytes }) => bytes.toString()),
    ["before", "", "", ""],
  );
  assert.equal(right.host.state, "open");
  proxy.cut([]);
  await until(() => left.host.bytes.length === 8 && late.client.bytes.length === 4);
  assert.equal(
    `${left.host.bytes} ${left.client.bytes} ${late.host.bytes} ${late.client.bytes}`,
    "beforeup down up down",
  );
  await until(() => right.host.state === "ECONNRESET");
});
