import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { connect as connectTo, type Socket } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportFor } from "../../lab/reach.js";
import { tcpServer } from "../../lab/tcp-server.js";

/** A relay before a lab's host, which can be cut or stalled, and what it takes to reach the host through it. */
async function relayTo(t: TestContext, address: string, port: number) {
  const pairs: Socket[] = [];
  let left = Number.POSITIVE_INFINITY;
  const relay = await tcpServer(t, (near) => {
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
      return relay.connections;
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

describe("a host with few sessions", () => {
  const started = labFor({ hosts: 1, maxSessions: 2 });

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
