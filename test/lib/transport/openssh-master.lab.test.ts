import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Master, spawnSsh } from "../../../lib/transport/openssh-master.js";
import { runBody } from "../../lab/body.js";
import { startProxy } from "../../lab/fault-proxy.js";
import { freePort } from "../../lab/ports.js";
import { scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportFor } from "../../lab/reach.js";

const { signal } = new AbortController();

describe("a host with few sessions", () => {
  const started = labFor({ hosts: 1, maxSessions: 3 });

  test("the others wait for their turn", async (t) => {
    const transport = transportFor(t, started.lab, "", false, "openssh");
    const target = targetOf(started.host(0));
    const ran = await Promise.all(
      Array.from({ length: 6 }, () =>
        runBody('result from "$SSH_CONNECTION"; sleep 0.3', { transport, target }),
      ),
    );
    assert.equal(new Set(ran.map(({ results }) => results.get("from"))).size, 1);
  });

  test("what a command wrote is there also when it is read long after its end", async (t) => {
    const transport = transportFor(t, started.lab, "", false, "openssh");
    const channel = await transport.start(targetOf(started.host(0)), "echo hello", signal);
    channel.stderr.resume();
    await channel.ended;
    await pause(200);
    const chunks = await channel.stdout.toArray();
    assert.equal(Buffer.concat(chunks).toString(), "hello\n");
  });

  /** A connection, and the socket of its master. */
  async function open(t: TestContext) {
    const { address, user } = started.host(0);
    const socket = join(scratch(t), "s");
    const host = ["-F", started.lab.sshConfig, "-l", user, address];
    const child = spawnSsh(["-M", "-S", socket, ...host, "echo ready; exec cat"]);
    await once(child.stdout, "data");
    const session = ["-S", socket, "-o", "ControlMaster=no", "-o", "ProxyCommand=exit 1", ...host];
    const master = new Master(address, child, session);
    t.after(() => master.close());
    return { master, socket };
  }

  test("a session that finds no master does not connect by itself", async (t) => {
    const { master, socket } = await open(t);
    execFileSync("mv", [socket, `${socket}.away`]);
    const before = started.lab.log().split("Accepted publickey").length;
    const channel = await master.start("exec true", signal);
    assert.deepEqual(await channel.ended, { status: 255, signal: null });
    assert.equal(started.lab.log().split("Accepted publickey").length, before);
  });

  test("closed, it starts nothing more", async (t) => {
    const { master } = await open(t);
    await master.close();
    await master.closed;
    assert.equal((await failureOf(master.start("exec true", signal))).code, "connection-lost");
  });
});

describe("a dead peer", () => {
  const started = labFor({ hosts: 1 });

  test("is noticed, and the next command opens a new connection", async (t) => {
    const { address, port, user } = started.host(0);
    const near = { address: "127.0.0.1", port: await freePort("127.0.0.1") };
    const proxy = await startProxy([{ from: near, to: { address, port } }]);
    t.after(() => proxy.stop());
    const lines = `HostKeyAlias [${address}]:${port}\nServerAliveInterval 1\nServerAliveCountMax 1`;
    const transport = transportFor(t, started.lab, lines, false, "openssh");
    const target = { host: near.address, port: near.port, user };
    proxy.plan([{ kind: "stall", direction: "up", after: 20_000, connection: 0 }]);
    const payload = Buffer.alloc(100_000);
    const failure = await failureOf(runBody("exit 0", { transport, target, payload }));
    assert.equal(failure.code, "connection-lost");
    assert.equal((await runBody("exit 3", { transport, target })).status, 3);
    assert.equal(proxy.connections.length, 2);
  });
});
