import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { SshTransport } from "../../../lib/transport/ssh.js";
import { runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportFor } from "../../lab/reach.js";

/** A server on a free port that ends with the test. */
async function serve(
  t: TestContext,
  accept: (socket: Socket) => void,
): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    accept(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

function plainTransport(t: TestContext, lines: string): SshTransport {
  const config = join(scratch(t), "config");
  writeFileSync(config, `IdentityFile none\nUserKnownHostsFile none\nGlobalKnownHostsFile none\n${lines}\n`);
  const transport = new SshTransport({ config, acceptNew: false });
  t.after(() => transport.close());
  return transport;
}

const { signal } = new AbortController();

describe("hosts that do not let us in", { concurrency: true }, () => {
  test("a name that is nowhere is looked up again, and is unresolved", async (t) => {
    const failure = await failureOf(
      plainTransport(t, "").start({ host: "no-such-host.invalid" }, "true", signal),
    );
    assert.equal(failure.code, "unresolved");
    assert.match(failure.message, /no-such-host\.invalid/);
  });

  test("a server that hangs up before the log-in is tried four times", async (t) => {
    let times = 0;
    const { port } = await serve(t, (socket) => {
      times++;
      socket.end("Exceeded MaxStartups\r\n");
    });
    const failure = await failureOf(plainTransport(t, "").start({ host: "127.0.0.1", port }, "true", signal));
    assert.equal(failure.code, "unreachable");
    assert.match(failure.message, /hung up before the log-in/);
    assert.equal(times, 4);
  });

  test("a server that says nothing is a timeout, after one try", async (t) => {
    let times = 0;
    const { port } = await serve(t, () => {
      times++;
    });
    const failure = await failureOf(
      plainTransport(t, "ConnectTimeout 1").start({ host: "127.0.0.1", port }, "true", signal),
    );
    assert.equal(failure.code, "timeout");
    assert.match(failure.message, /within 1 s/);
    assert.equal(times, 1);
  });

  test("a server that speaks something else", async (t) => {
    const { port } = await serve(t, (socket) => {
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    const failure = await failureOf(plainTransport(t, "").start({ host: "127.0.0.1", port }, "true", signal));
    assert.equal(failure.code, "unreachable");
  });

  test("an abort ends the connect that is under way", async (t) => {
    let hungUp = false;
    const { port } = await serve(t, (socket) => {
      socket.resume();
      for (const event of ["end", "close"])
        socket.on(event, () => {
          hungUp = true;
        });
      cancel.abort(new Error("enough"));
    });
    const cancel = new AbortController();
    const starting = plainTransport(t, "").start({ host: "127.0.0.1", port }, "true", cancel.signal);
    await assert.rejects(starting, /enough/);
    await until("the end of the connection", () => hungUp);
  });

  test("closing ends the connect that is under way", async (t) => {
    const { port, server } = await serve(t, () => {});
    const connected = once(server, "connection");
    const transport = plainTransport(t, "");
    const failure = failureOf(transport.start({ host: "127.0.0.1", port }, "true", signal));
    await connected;
    await transport.close();
    assert.equal((await failure).code, "cancelled");
  });
});

/** A relay before a lab's host, which can be cut or stalled, and what it takes to reach the host through it. */
async function relayTo(t: TestContext, address: string, port: number) {
  const pairs: Socket[] = [];
  let connections = 0;
  let left = Number.POSITIVE_INFINITY;
  const relay = await serve(t, (near) => {
    connections++;
    const far = connectTo(port, address);
    far.on("error", () => {});
    far.on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.on("data", (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) near.destroy();
    });
    near.pipe(far).pipe(near);
    pairs.push(near, far);
  });
  return {
    port: relay.port,
    get connections() {
      return connections;
    },
    cutAfter: (bytes: number) => {
      left = bytes;
    },
    cut: () => {
      for (const socket of pairs) socket.destroy();
    },
    stall: () => {
      for (const socket of pairs) socket.unpipe().pause();
    },
  };
}

describe("connections that are lost", () => {
  const started = labFor({ hosts: 1 });

  const through = async (t: TestContext, lines = "") => {
    const { address, port, user } = started.host(0);
    const relay = await relayTo(t, address, port);
    const transport = transportFor(t, started.lab, `HostKeyAlias [${address}]:${port}\n${lines}`);
    return { relay, transport, target: { host: "127.0.0.1", port: relay.port, user } };
  };

  test("cut while a command runs: said so, and nothing is left on the host", async (t) => {
    const { relay, transport, target } = await through(t);
    const failure = await failureOf(
      runBody("result x y; sleep 1000", { transport, target, heard: () => relay.cut() }),
    );
    assert.equal(failure.code, "connection-lost");
    assert.match(failure.message, /the script had begun there/);
    const { uid } = started.host(0);
    await until("the end of the user's processes", () => processesOf(uid).length === 0);
    assert.equal((await runBody("exit 3", { transport, target })).status, 3);
    assert.equal(relay.connections, 2);
  });

  test("cut while idle: the next command opens a new one", async (t) => {
    const { relay, transport, target } = await through(t);
    await runBody("exit 0", { transport, target });
    relay.cut();
    assert.equal((await runBody("exit 3", { transport, target })).status, 3);
    assert.equal(relay.connections, 2);
  });

  test("a dead peer is noticed", async (t) => {
    const { relay, transport, target } = await through(t, "ServerAliveInterval 1\nServerAliveCountMax 1");
    const failure = await failureOf(
      runBody("result x y; sleep 1000", { transport, target, heard: () => relay.stall() }),
    );
    assert.equal(failure.code, "connection-lost");
    assert.match(failure.message, /Keepalive/);
  });

  test("cut in the middle of a payload", async (t) => {
    const { relay, transport, target } = await through(t);
    relay.cutAfter(5_000_000);
    const cut = runBody("exit 0", { transport, target, payload: Buffer.alloc(50_000_000) });
    assert.equal((await failureOf(cut)).code, "connection-lost");
    const { uid } = started.host(0);
    await until("the end of the user's processes", () => processesOf(uid).length === 0);
  });
});

describe("a busy sshd", () => {
  const hosts = 8;
  const started = labFor({ hosts, maxStartups: "2", maxSessions: 2 });

  test("drops before the log-in are tried again", async (t) => {
    const transport = transportFor(t, started.lab);
    const ran = await Promise.all(
      started.lab.hosts.map((host) => runBody("exit 3", { transport, target: targetOf(host) })),
    );
    assert.deepEqual(
      ran.map(({ status }) => status),
      Array(hosts).fill(3),
    );
  });

  test("where fewer sessions fit into a connection, the others wait for their turn", async (t) => {
    const transport = transportFor(t, started.lab);
    const target = targetOf(started.host(0));
    const ran = await Promise.all(
      Array.from({ length: 7 }, () =>
        runBody('result from "$SSH_CONNECTION"; sleep 0.3', { transport, target }),
      ),
    );
    assert.equal(new Set(ran.map(({ results }) => results.get("from"))).size, 1);
  });
});

describe("what the agent and the configuration give", () => {
  const started = labFor({ hosts: 1, config: ["AcceptEnv ESSAY_TEST", "AllowAgentForwarding no"] });

  test("SetEnv, and a forwarding that the host forbids", async (t) => {
    const directory = join(scratch(t), "d");
    mkdirSync(directory);
    const lines = `SetEnv ESSAY_TEST=yes\nForwardAgent ${directory}/no-agent`;
    const transport = transportFor(t, started.lab, lines);
    const ran = await runBody('result value "${ESSAY_TEST-}"; result agent "${SSH_AUTH_SOCK-}"', {
      transport,
      target: targetOf(started.host(0)),
    });
    assert.deepEqual([ran.results.get("value"), ran.results.get("agent")], ["yes", ""]);
  });
});
