import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import type { Transport } from "../../../lib/transport/contract.js";
import { OpensshTransport } from "../../../lib/transport/openssh.js";
import { SshTransport } from "../../../lib/transport/ssh.js";
import { runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { fileOf, scratch } from "../../lab/program.js";
import { failureOf, labFor, type Started, targetOf } from "../../lab/reach.js";
import { atTerminal } from "../../lab/terminal.js";

const nobody = { isThere: false, isAsking: false, ask: async () => undefined };

/** A transport that ends with the test, and keeps its sockets where the test can look. */
function openssh(t: TestContext, { lab }: Started, lines = "", acceptNew = false) {
  const directory = scratch(t);
  const config = join(directory, "ssh_config");
  writeFileSync(config, `${lines}\nHost *\n${readFileSync(lab.sshConfig, "utf8")}`);
  const transport = new OpensshTransport({ config, acceptNew, asker: nobody });
  t.after(() => transport.close());
  return transport;
}

/** The folder with the socket of the master connection that uses this configuration. */
function socketFolder(sshConfig: string): string | undefined {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    let words = "";
    try {
      words = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    } catch {
      continue; // it has just ended
    }
    const [, folder] = /\0-S\0(\/tmp\/essay-\w{6})\//.exec(words) ?? [];
    if (folder !== undefined && words.includes(sshConfig)) return folder;
  }
  return undefined;
}

describe("the system's ssh", () => {
  const shells = ["/bin/sh", "/bin/bash", "/usr/bin/zsh", "/usr/bin/fish", "/usr/bin/csh"];
  const started = labFor({ hosts: shells.length, shells, become: true });

  for (const [place, shell] of shells.entries())
    test(`${shell}: results, a payload, both outputs, statuses, cancelling; nothing is left`, async (t) => {
      const host = started.host(place);
      const transport = openssh(t, started);
      const target = targetOf(host);
      const payload = randomBytes(300_000);
      const body = 'result sum "$(sha256sum <"$payload")"; result odd "$1"; printf "no end" >&2; exit 7';
      const args = ["a 'b' \"c\"\n\\ $d !e"];
      const ran = await runBody(body, { transport, target, payload, args });
      assert.deepEqual([ran.status, ran.signal, ran.stderr], [7, null, "no end"]);
      assert.equal(ran.results.get("sum")?.slice(0, 64), createHash("sha256").update(payload).digest("hex"));
      assert.equal(ran.results.get("odd"), args[0]);
      assert.equal((await runBody("exit 255", { transport, target })).status, 255);

      const cancel = new AbortController();
      const heard = () => cancel.abort(new Error("enough"));
      const cancelled = runBody("sleep 1000 & result pid $!; sleep 1000", {
        transport,
        target,
        signal: cancel.signal,
        heard,
      });
      await assert.rejects(cancelled, /enough/);
      await transport.close();
      await until("the end of the user's processes", () => processesOf(host.uid).length === 0);
    });

  test("many commands at once share one connection, more of them than sessions", async (t) => {
    const transport = openssh(t, started);
    const target = targetOf(started.host(0));
    const ran = await Promise.all(
      Array.from({ length: 15 }, () => runBody('result from "$SSH_CONNECTION"', { transport, target })),
    );
    assert.equal(new Set(ran.map(({ results }) => results.get("from"))).size, 1);
  });

  test("a child that keeps the output open does not hang the step", async (t) => {
    const host = started.host(1);
    const transport = openssh(t, started);
    const ran = await runBody("sleep 1000 & result pid $!", { transport, target: targetOf(host) });
    assert.equal(ran.status, 0);
    process.kill(Number(ran.results.get("pid")));
  });

  test("a script that is killed, whose watcher then lives on for 5 s", async (t) => {
    const transport = openssh(t, started);
    const killed = await runBody("kill -KILL $$", { transport, target: targetOf(started.host(4)) });
    assert.deepEqual([killed.status, killed.signal], [null, "KILL"]);
  });

  test("becoming another account", async (t) => {
    const { app } = started.lab;
    assert.ok(app);
    const transport = openssh(t, started);
    const ran = await runBody('result user "$(id -un)"', {
      transport,
      target: targetOf(started.host(0)),
      become: app.name,
    });
    assert.equal(ran.results.get("user"), app.name);
  });

  test("a connection that is lost while a command runs; the next command opens a new one", async (t) => {
    const host = started.host(2);
    const transport = openssh(t, started);
    const target = targetOf(host);
    const isSshd = (pid: number) => readFileSync(`/proc/${pid}/comm`, "utf8") === "sshd\n";
    const cut = () => {
      for (const pid of processesOf(host.uid).filter(isSshd)) process.kill(pid, "SIGKILL");
    };
    const failure = await failureOf(runBody("result x y; sleep 1000", { transport, target, heard: cut }));
    assert.equal(failure.code, "connection-lost");
    await until("the end of the user's processes", () => processesOf(host.uid).length === 0);
    assert.equal((await runBody("exit 3", { transport, target })).status, 3);
  });

  test("killed with -9, the control process leaves nothing, here or there", async (t) => {
    const host = started.host(3);
    const url = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
    const code = `
      const { OpensshTransport } = await import(${url("lib/transport/openssh.js")});
      const { runBody } = await import(${url("test/lab/body.js")});
      const transport = new OpensshTransport({ config: ${JSON.stringify(started.lab.sshConfig)}, acceptNew: false });
      const heard = () => console.log("runs");
      await runBody("result x y; sleep 1000", { transport, target: ${JSON.stringify(targetOf(host))}, heard });`;
    const control = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: `/tmp/${"x".repeat(80)}`, XDG_RUNTIME_DIR: "" },
    });
    t.after(() => control.kill("SIGKILL"));
    await once(control.stdout, "data");
    const folder = socketFolder(started.lab.sshConfig);
    assert.ok(folder !== undefined && existsSync(folder));
    control.kill("SIGKILL");
    await until("the end of the user's processes", () => processesOf(host.uid).length === 0);
    await until("the end of the directory of sockets", () => !existsSync(folder));
  });
});

describe("hosts that the system's ssh does not reach", () => {
  const started = labFor({ hosts: 4, wrongKey: [1], unknownKey: [2], refusing: [3] });
  const reach = (transport: Transport, place: number) =>
    runBody("exit 0", { transport, target: targetOf(started.host(place)) });

  test("have the codes that they have by ssh2, and the same remarks", async (t) => {
    const transport = openssh(t, started);
    const [changed, unknown, refused] = await Promise.all([
      failureOf(reach(transport, 1)),
      failureOf(reach(transport, 2)),
      failureOf(reach(transport, 3)),
    ]);
    assert.equal(changed.code, "host-key-changed");
    assert.match(
      changed.message,
      /ED25519 SHA256:\S+, but another one is known in .*known_hosts line 2.*ssh-keygen -f/,
    );
    assert.equal(unknown.code, "host-key-unknown");
    assert.match(unknown.message, /ED25519 SHA256:.*--accept-new/);
    assert.equal(refused.code, "refused");
  });

  test("a changed key is refused whatever is set, an unknown one learnt with --accept-new", async (t) => {
    const learnt = join(scratch(t), "known_hosts");
    copyFileSync(started.lab.knownHosts, learnt);
    const lines = `UserKnownHostsFile ${learnt}\nStrictHostKeyChecking no`;
    assert.equal((await failureOf(reach(openssh(t, started, lines, true), 1))).code, "host-key-changed");
    await reach(openssh(t, started, `UserKnownHostsFile ${learnt}`, true), 2);
    assert.equal((await reach(openssh(t, started, `UserKnownHostsFile ${learnt}`), 2)).status, 0);
  });

  test("a revoked key", async (t) => {
    const known = join(scratch(t), "known_hosts");
    const key = readFileSync(join(started.lab.directory, "keys/host.pub"), "utf8");
    writeFileSync(known, `${readFileSync(started.lab.knownHosts, "utf8")}@revoked * ${key}`);
    const failure = await failureOf(reach(openssh(t, started, `UserKnownHostsFile ${known}`), 0));
    assert.equal(failure.code, "host-key-revoked", failure.message);
  });

  test("a key that the host does not know: what was tried, and what the server offers", async (t) => {
    const directory = scratch(t);
    const key = join(directory, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const config = join(directory, "config");
    writeFileSync(
      config,
      `IdentityFile ${key}\nIdentitiesOnly yes\nUserKnownHostsFile ${started.lab.knownHosts}\n`,
    );
    const transport = new OpensshTransport({ config, acceptNew: false, asker: nobody });
    t.after(() => transport.close());
    const failure = await failureOf(reach(transport, 0));
    assert.equal(failure.code, "auth-failed");
    assert.match(failure.message, /tried: .*key .*; the server offers: publickey$/);
  });

  test("ProxyCommand, which ssh2 has not", async (t) => {
    const { address, port, user } = started.host(0);
    const lines = `Host web
  HostName no-such-host.invalid
  HostKeyAlias [${address}]:${port}
  ProxyCommand ssh -F ${started.lab.sshConfig} -l ${user} -W ${address}:%p ${address}
`;
    const target = { ...targetOf(started.host(0)), host: "web" };
    assert.equal((await runBody("exit 4", { transport: openssh(t, started, lines), target })).status, 4);
  });
});

describe("certificates, which ssh2 has not", () => {
  const directory = mkdtempSync("/tmp/essay-ca-");
  after(() => rmSync(directory, { recursive: true }));
  const path = (name: string) => join(directory, name);
  for (const name of ["ca", "host", "user"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path(name)]);
  execFileSync("ssh-keygen", ["-q", "-s", path("ca"), "-h", "-I", "host", path("host.pub")]);
  const config = [
    `HostKey ${path("host")}`,
    `HostCertificate ${path("host-cert.pub")}`,
    `TrustedUserCAKeys ${path("ca.pub")}`,
  ];
  const started = labFor({ hosts: 1, config });

  test("of the host and of the user; by ssh2, both are named with the way on", async (t) => {
    const host = started.host(0);
    execFileSync("ssh-keygen", ["-q", "-s", path("ca"), "-I", "user", "-n", host.user, path("user.pub")]);
    writeFileSync(path("known_hosts"), `@cert-authority * ${readFileSync(path("ca.pub"), "utf8")}`);
    const known = `UserKnownHostsFile ${path("known_hosts")}\nGlobalKnownHostsFile /dev/null\n`;
    writeFileSync(path("config"), `IdentityFile ${path("user")}\nIdentitiesOnly yes\n${known}`);
    const options = { config: path("config"), acceptNew: false, asker: nobody };
    const transport = new OpensshTransport(options);
    t.after(() => transport.close());
    assert.equal((await runBody("exit 4", { transport, target: targetOf(host) })).status, 4);

    const byKey = new SshTransport(options);
    t.after(() => byKey.close());
    const unknown = await failureOf(runBody("", { transport: byKey, target: targetOf(host) }));
    assert.equal(unknown.code, "host-key-unknown");
    assert.match(unknown.message, /certificates of hosts are checked by --ssh openssh only/);
    const learning = new SshTransport({ ...options, acceptNew: true });
    t.after(() => learning.close());
    const denied = await failureOf(runBody("", { transport: learning, target: targetOf(host) }));
    assert.equal(denied.code, "auth-failed");
    assert.match(denied.message, /user-cert.pub \(a certificate; --ssh openssh can use it\)/);
  });
});

describe("a host with few sessions", () => {
  const started = labFor({ hosts: 1, maxSessions: 3 });

  test("the others wait for their turn", async (t) => {
    const transport = openssh(t, started);
    const target = targetOf(started.host(0));
    const ran = await Promise.all(
      Array.from({ length: 6 }, () =>
        runBody('result from "$SSH_CONNECTION"; sleep 0.3', { transport, target }),
      ),
    );
    assert.equal(new Set(ran.map(({ results }) => results.get("from"))).size, 1);
  });
});

describe("on a terminal", () => {
  const started = labFor({ hosts: 2 });

  test("ssh asks for what it needs, for one host after the other", async (t) => {
    const directory = scratch(t);
    const key = join(directory, "key");
    copyFileSync(started.lab.identityFile, key);
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-a", "1", "-f", key]);
    const config = join(directory, "config");
    writeFileSync(
      config,
      `IdentityFile ${key}\nIdentitiesOnly yes\nUserKnownHostsFile ${started.lab.knownHosts}\n`,
    );
    const records = started.lab.hosts.map(({ address: host, user, port }) =>
      JSON.stringify({ host, user, port, transport: "ssh" }),
    );
    writeFileSync(join(directory, "in"), `${records.join("\n")}\n`);
    const step = `${process.execPath} ${fileOf("es-reach")} --ssh openssh --ssh-config ${config}`;
    const typed = [0, 1].map(() => ["Enter passphrase", "secret\r"] as const);
    const ran = await atTerminal(`${step} <${join(directory, "in")} >${join(directory, "out")}`, typed);
    assert.equal(ran.status, 0, ran.report + readFileSync(join(directory, "out"), "utf8"));
  });
});
