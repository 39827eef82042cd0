import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { failureOf, labFor, targetOf, transportFor } from "../../lab/reach.js";

describe("hosts behind others", () => {
  // 0 and 1 lie on the way; 2 to 4 behind them; 5 shows a wrong key; where 6 is, nobody listens.
  const started = labFor({ hosts: 7, wrongKey: [5], refusing: [6] });

  /** Host blocks: each named host is one of the lab's, and is reached through others. */
  const blocks = (hosts: Record<string, { place: number; jump?: string; lines?: string }>) =>
    Object.entries(hosts)
      .map(([name, { place, jump, lines = "" }]) => {
        const { address, user } = started.host(place);
        const way = jump === undefined ? "" : `  ProxyJump ${jump}\n`;
        return `Host ${name}\n  HostName ${address}\n  User ${user}\n${way}${lines}`;
      })
      .join("");
  const logins = (place: number) =>
    started.lab.log().split(`Accepted publickey for ${started.host(place).user} `).length - 1;
  const run = async (t: TestContext, config: string, ...hosts: string[]) => {
    const transport = transportFor(t, started.lab, config);
    const ran = await Promise.all(
      hosts.map((host) =>
        runBody('result user "$(id -un)"; result from "$SSH_CONNECTION"', { transport, target: { host } }),
      ),
    );
    await transport.close();
    return ran.map(({ results }) => ({ user: results.get("user"), from: results.get("from") }));
  };

  test("one hop, with settings of its own, is opened once for all hosts behind it", async (t) => {
    const before = logins(0);
    const config = blocks({
      bastion: { place: 0 },
      web1: { place: 2, jump: "bastion" },
      web2: { place: 3, jump: "bastion" },
      web3: { place: 4, jump: "bastion" },
    });
    const ran = await run(t, config, "web1", "web2", "web3");
    assert.deepEqual(
      ran.map(({ user }) => user),
      [2, 3, 4].map((place) => started.host(place).user),
    );
    assert.equal(logins(0) - before, 1);
    await until("the end of the hop's processes", () => processesOf(started.host(0).uid).length === 0);
  });

  for (const [way, jumps] of [
    ["named in one setting", { first: undefined, second: undefined, web: "first,second" }],
    ["each in the settings of the next", { first: undefined, second: "first", web: "second" }],
  ] as const)
    test(`two hops, ${way}`, async (t) => {
      const before = [logins(0), logins(1)];
      const config = blocks({
        first: { place: 0 },
        second: { place: 1, ...(jumps.second && { jump: jumps.second }) },
        web: { place: 2, jump: jumps.web },
      });
      const [ran] = await run(t, config, "web");
      assert.equal(ran?.user, started.host(2).user);
      assert.deepEqual(
        [logins(0), logins(1)],
        before.map((times) => times + 1),
      );
    });

  test("a hop's user and port stand in ProxyJump", async (t) => {
    const { address, port, user } = started.host(0);
    const [ran] = await run(t, blocks({ web: { place: 2, jump: `${user}@[${address}]:${port}` } }), "web");
    assert.equal(ran?.user, started.host(2).user);
  });

  test("a hop with a changed key, and one where nobody listens: named, and with their own codes", async (t) => {
    const config = blocks({
      bad: { place: 5 },
      nobody: { place: 6 },
      web1: { place: 2, jump: "bad" },
      web2: { place: 2, jump: "nobody" },
    });
    const transport = transportFor(t, started.lab, config);
    const bad = await failureOf(runBody("", { transport, target: { host: "web1" } }));
    assert.equal(bad.code, "host-key-changed");
    assert.match(bad.message, /^web1 is behind bad: the key of bad \(.*SHA256:/);
    const none = await failureOf(runBody("", { transport, target: { host: "web2" } }));
    assert.equal(none.code, "refused");
    assert.match(none.message, /^web2 is behind nobody: nobody .*refuses connections/);
  });

  test("a hop that does not let us in is not asked again for each host behind it", async (t) => {
    const { user } = started.host(1);
    const denied = () => started.lab.log().split(`User ${user} from `).length;
    const before = denied();
    const { address, port } = started.host(0);
    const config = blocks({ "web?": { place: 2, jump: `${user}@[${address}]:${port}` } });
    const transport = transportFor(t, started.lab, config);
    for (const host of ["web1", "web2", "web3"]) {
      const failure = await failureOf(runBody("", { transport, target: { host } }));
      assert.equal(failure.code, "auth-failed");
      assert.match(failure.message, new RegExp(`^${host} is behind ${address}: `));
    }
    // A log-in that nobody waits for would come a moment later.
    await pause(1000);
    assert.equal(denied(), before + 1);
  });

  test("what the hop cannot reach", async (t) => {
    const config = `${blocks({
      bastion: { place: 0 },
      web1: { place: 6, jump: "bastion" },
    })}Host web2\n  HostName no-such-host.invalid\n  ProxyJump bastion\n`;
    const transport = transportFor(t, started.lab, config);
    const refused = await failureOf(runBody("", { transport, target: { host: "web1" } }));
    assert.equal(refused.code, "refused");
    assert.match(refused.message, /bastion cannot reach web1 \(/);
    const unknown = await failureOf(runBody("", { transport, target: { host: "web2" } }));
    assert.equal(unknown.code, "unresolved");
  });

  test("a circle is an error", async (t) => {
    const config = blocks({ a: { place: 0, jump: "b" }, b: { place: 1, jump: "a" } });
    const transport = transportFor(t, started.lab, config);
    const failures = await Promise.all(
      ["a", "b"].map((host) => failureOf(runBody("", { transport, target: { host } }))),
    );
    for (const failure of failures) {
      assert.equal(failure.code, "unreachable");
      assert.match(failure.message, /circle: ProxyJump leads back to [ab]/);
    }
  });

  test("cancelled behind a hop, nothing is left on either host", async (t) => {
    const config = blocks({ bastion: { place: 0 }, web: { place: 2, jump: "bastion" } });
    const transport = transportFor(t, started.lab, config);
    const cancel = new AbortController();
    const running = runBody("sleep 1000 & result pid $!; sleep 1000", {
      transport,
      target: { host: "web" },
      signal: cancel.signal,
      heard: () => cancel.abort(new Error("enough")),
    });
    await assert.rejects(running, /enough/);
    await transport.close();
    for (const place of [0, 2])
      await until("the end of the users' processes", () => processesOf(started.host(place).uid).length === 0);
  });

  test("a hop that is killed while a command runs: connection-lost; the next command opens both anew", async (t) => {
    const config = blocks({ bastion: { place: 0 }, web: { place: 2, jump: "bastion" } });
    const transport = transportFor(t, started.lab, config);
    const target = { host: "web" };
    const kill = () => {
      for (const pid of processesOf(started.host(0).uid)) process.kill(pid, "SIGKILL");
    };
    const failure = await failureOf(runBody("result x y; sleep 1000", { transport, target, heard: kill }));
    assert.equal(failure.code, "connection-lost");
    assert.equal((await runBody("exit 3", { transport, target })).status, 3);
  });
});

describe("a hop that forwards nothing", () => {
  const started = labFor({ hosts: 1, config: ["AllowTcpForwarding no"] });

  test("is named", async (t) => {
    const { address, port, user } = started.host(0);
    const config = `Host web\n  ProxyJump ${user}@[${address}]:${port}\n`;
    const transport = transportFor(t, started.lab, config);
    const failure = await failureOf(
      runBody("", { transport, target: { ...targetOf(started.host(0)), host: "web" } }),
    );
    assert.equal(failure.code, "unreachable");
    assert.match(failure.message, /cannot reach web .*: it forbids forwarding \(AllowTcpForwarding\)/);
  });
});
