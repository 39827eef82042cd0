// Settings that both ways of ssh take from ssh's own files, with real hosts.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { runBody } from "../../lab/body.js";
import { agentWith, makeKey } from "../../lab/keys.js";
import { scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportBy, type Way, ways } from "../../lab/reach.js";

describe("ssh's settings", () => {
  const started = labFor({
    hosts: 2,
    unknownKey: [1],
    config: ["GSSAPIAuthentication yes", "HostbasedAuthentication yes"],
  });

  /** How a host answers one who has these settings and no others: the script's status, or the failure's words. */
  async function answers(t: TestContext, way: Way, lines: string, { place = 0, user = "" } = {}) {
    const config = join(scratch(t), "config");
    writeFileSync(config, lines);
    const transport = transportBy(way, t, config);
    const host = targetOf(started.host(place));
    const target = user === "" ? host : { ...host, user };
    try {
      const { status } = await runBody("exit 3", { transport, target }).catch(({ code, message }) => ({
        status: `${code}: ${message}`,
      }));
      return status;
    } finally {
      await transport.close();
    }
  }
  const known = () => `UserKnownHostsFile ${started.lab.knownHosts}\nGlobalKnownHostsFile none\n`;

  for (const way of ways) {
    test(`several IdentityFile, IdentityAgent, IdentitiesOnly, by ${way}`, async (t) => {
      const directory = scratch(t);
      const { identityFile } = started.lab;
      const [stranger, other] = [makeKey(directory, "stranger"), makeKey(directory, "other")];
      const agent = await agentWith(t, directory, stranger, identityFile);
      const withAgent = `${known()}IdentityAgent ${agent}\n`;
      const files = (...paths: string[]) => paths.map((path) => `IdentityFile ${path}\n`).join("");
      const of = (lines: string, who = {}) => answers(t, way, lines, who);

      assert.equal(await of(`${known()}IdentityAgent none\n${files(stranger, identityFile)}`), 3);
      assert.equal(await of(`${withAgent}${files(other)}`), 3);
      const only = await of(`${withAgent}${files(stranger)}IdentitiesOnly yes\n`);
      assert.match(String(only), /^auth-failed: .*tried: [^,]*stranger[^,]*; .*the server offers: publickey/);
      // The agent's keys before files, whatever their order in the configuration.
      const user = started.host(1).user;
      const all = await of(`${withAgent}${files(other)}`, { user });
      assert.match(
        String(all),
        /^auth-failed: .*tried: .*stranger.*essay lab.*other.*; .*the server offers: /,
      );
    });

    test(`known hosts of several files, of the user and of the machine, by ${way}`, async (t) => {
      const directory = scratch(t);
      const empty = join(directory, "empty");
      writeFileSync(empty, "");
      const identity = `IdentityFile ${started.lab.identityFile}\n`;
      const of = (user: string, machine: string) =>
        answers(t, way, `UserKnownHostsFile ${user}\nGlobalKnownHostsFile ${machine}\n${identity}`);
      const { knownHosts } = started.lab;
      assert.equal(await of(`${empty} ${knownHosts}`, "none"), 3);
      assert.equal(await of(join(directory, "missing"), `${empty} ${knownHosts}`), 3);
      assert.match(String(await of(empty, empty)), /^host-key-unknown: /);
    });

    test(`StrictHostKeyChecking, by ${way}`, async (t) => {
      const identity = `IdentityFile ${started.lab.identityFile}\nGlobalKnownHostsFile none\n`;
      for (const [value, isLearnt] of [
        ["yes", false],
        ["ask", false],
        ["no", true],
        ["accept-new", true],
      ] as const) {
        const file = join(scratch(t), "known_hosts");
        const lines = `${identity}UserKnownHostsFile ${file}\nStrictHostKeyChecking ${value}\n`;
        const said = String(await answers(t, way, lines, { place: 1 }));
        assert.match(said, isLearnt ? /^3$/ : /^host-key-unknown: /, value);
        assert.equal(existsSync(file), isLearnt, value);
        if (isLearnt) assert.match(readFileSync(file, "utf8"), /^\[127[^\]]+\]:\d+ ssh-ed25519 /);
      }
    });
  }

  test("ways of logging in that ssh2 has not are named with what can use them", async (t) => {
    const lines = `${known()}IdentityFile none\nIdentityAgent none\n`;
    const said = String(await answers(t, "ssh2", lines));
    assert.match(said, /^auth-failed: .*there was nothing to try; not tried: /);
    for (const method of ["gssapi-with-mic", "hostbased"])
      assert.ok(said.includes(`${method} (--ssh openssh can use it)`), said);
    assert.match(said, /the server offers: publickey, .*gssapi-with-mic, hostbased$/);
  });
});

describe("a host with algorithms that ssh2 has not", () => {
  const started = labFor({ hosts: 1, config: ["Ciphers aes128-ctr", "MACs umac-64@openssh.com"] });

  test("is reached by the system's ssh, which the error names", async (t) => {
    const target = targetOf(started.host(0));
    const openssh = transportBy("openssh", t, started.lab.sshConfig);
    assert.equal((await runBody("exit 3", { transport: openssh, target })).status, 3);
    const ssh2 = transportBy("ssh2", t, started.lab.sshConfig);
    const failure = await failureOf(runBody("", { transport: ssh2, target }));
    assert.equal(failure.code, "unreachable");
    assert.match(failure.message, /no matching .*(MAC|cipher).*--ssh openssh/);
  });

  test("also where ssh's own configuration allows no others", async (t) => {
    const config = join(scratch(t), "config");
    writeFileSync(config, `${readFileSync(started.lab.sshConfig, "utf8")}MACs umac-64@openssh.com\n`);
    const failure = await failureOf(
      runBody("", { transport: transportBy("ssh2", t, config), target: targetOf(started.host(0)) }),
    );
    assert.equal(failure.code, "unreachable");
    assert.match(failure.message, /none of the MAC algorithms .*--ssh openssh/);
  });
});
