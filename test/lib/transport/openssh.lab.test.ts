import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
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
import { runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { fileOf, scratch } from "../../lab/program.js";
import { failureOf, labFor, type Started, targetOf, transportBy, transportFor } from "../../lab/reach.js";
import { atTerminal } from "../../lab/terminal.js";

const openssh = (t: TestContext, { lab }: Started, lines = "", acceptNew = false) =>
  transportFor(t, lab, lines, acceptNew, "openssh");

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
  const started = labFor({ hosts: 1 });

  test("killed with -9, the control process leaves nothing, here or there", async (t) => {
    const host = started.host(0);
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
  const started = labFor({ hosts: 3, wrongKey: [1], unknownKey: [2] });
  const reach = (transport: Transport, place: number) =>
    runBody("exit 0", { transport, target: targetOf(started.host(place)) });

  test("a changed key is refused whatever is set, an unknown one learnt with --accept-new", async (t) => {
    const learnt = join(scratch(t), "known_hosts");
    copyFileSync(started.lab.knownHosts, learnt);
    const lines = `UserKnownHostsFile ${learnt}\nStrictHostKeyChecking no`;
    assert.equal((await failureOf(reach(openssh(t, started, lines, true), 1))).code, "host-key-changed");
    await reach(openssh(t, started, `UserKnownHostsFile ${learnt}`, true), 2);
    assert.equal((await reach(openssh(t, started, `UserKnownHostsFile ${learnt}`), 2)).status, 0);
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
    const transport = transportBy("openssh", t, config);
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
    const transport = transportBy("openssh", t, path("config"));
    assert.equal((await runBody("exit 4", { transport, target: targetOf(host) })).status, 4);

    const byKey = transportBy("ssh2", t, path("config"));
    const unknown = await failureOf(runBody("", { transport: byKey, target: targetOf(host) }));
    assert.equal(unknown.code, "host-key-unknown");
    assert.match(unknown.message, /certificates of hosts are checked by --ssh openssh only/);
    const learning = transportBy("ssh2", t, path("config"), true);
    const denied = await failureOf(runBody("", { transport: learning, target: targetOf(host) }));
    assert.equal(denied.code, "auth-failed");
    assert.match(denied.message, /user-cert.pub \(a certificate; --ssh openssh can use it\)/);
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
