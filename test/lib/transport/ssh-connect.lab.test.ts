import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import dns from "node:dns/promises";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import ssh2 from "ssh2";
import { SshTransport } from "../../../lib/transport/ssh.js";
import { runBody } from "../../lab/body.js";
import { until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportFor } from "../../lab/reach.js";
import { tcpServer } from "../../lab/tcp-server.js";

function plainTransport(t: TestContext, lines: string): SshTransport {
  const config = join(scratch(t), "config");
  writeFileSync(config, `IdentityFile none\nUserKnownHostsFile none\nGlobalKnownHostsFile none\n${lines}\n`);
  const transport = new SshTransport({ config, acceptNew: false });
  t.after(() => transport.close());
  return transport;
}

const { signal } = new AbortController();

describe("hosts that do not let us in", { concurrency: true }, () => {
  test("an abort ends the connect that is under way", async (t) => {
    let hungUp = false;
    const { port } = await tcpServer(t, (socket) => {
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
    const { port, server } = await tcpServer(t, () => {});
    const connected = once(server, "connection");
    const transport = plainTransport(t, "");
    const failure = failureOf(transport.start({ host: "127.0.0.1", port }, "true", signal));
    await connected;
    await transport.close();
    assert.equal((await failure).code, "cancelled");
  });
});

test("a key that is at hand signs at once, without the question whether it would do", async (t) => {
  const folder = scratch(t);
  const key = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  const attempts: boolean[] = [];
  const server = new ssh2.Server({ hostKeys: [readFileSync(key)] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (attempt) => {
      if (attempt.method === "publickey") attempts.push(attempt.signature !== undefined);
      attempt.reject(["publickey"]);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const config = join(folder, "config");
  writeFileSync(
    config,
    `IdentityFile ${key}\nIdentityAgent none\nUserKnownHostsFile ${folder}/known\nGlobalKnownHostsFile none\n`,
  );
  const transport = new SshTransport({ config, acceptNew: true });
  t.after(() => transport.close());
  const { port } = server.address() as { port: number };
  const failure = await failureOf(transport.start({ host: "127.0.0.1", port }, "true", signal));
  assert.equal(failure.code, "auth-failed", failure.message);
  assert.deepEqual(attempts, [true]);
});

describe("a name that cannot be looked up at first", () => {
  const started = labFor({ hosts: 1 });

  test("is looked up again, and the host is reached", async (t) => {
    const { address, port, user } = started.host(0);
    let times = 0;
    const lookup = async () => {
      if (++times < 3) throw Object.assign(new Error("EAI_AGAIN"), { code: "EAI_AGAIN" });
      return [{ address, family: 4 }];
    };
    const mock = t.mock.method(dns, "lookup", lookup as unknown as typeof dns.lookup);
    syncBuiltinESMExports();
    t.after(() => {
      mock.mock.restore();
      syncBuiltinESMExports();
    });
    const transport = transportFor(t, started.lab, `HostKeyAlias [${address}]:${port}`);
    const target = { host: "web.test", port, user };
    assert.equal((await runBody("exit 3", { transport, target })).status, 3);
    assert.equal(times, 3);
  });
});

describe("a busy sshd", () => {
  const hosts = 8;
  const started = labFor({ hosts, maxStartups: "2" });

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
});
