import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Target } from "../../../lib/transport/contract.js";
import { type SshSettings, SshSettingsReader } from "../../../lib/transport/ssh-settings.js";
import { scratch } from "../../lab/program.js";

const home = userInfo().homedir;

async function read(t: TestContext, config: string, target: Target, acceptNew = false): Promise<SshSettings> {
  const file = join(scratch(t), "config");
  writeFileSync(file, config);
  return new SshSettingsReader(file, acceptNew).settingsFor(target);
}

/** Sets variables of the environment for one test. */
function environment(t: TestContext, variables: NodeJS.ProcessEnv): void {
  const before = process.env;
  process.env = { ...before, ...variables };
  t.after(() => {
    process.env = before;
  });
}

test("what the file says for the host as it was typed", async (t) => {
  const config = `
Host web*
  HostName %h.example.com
  Port 2200
  User deployer
  AddressFamily inet6
  BindAddress 127.0.0.9
  HostKeyAlias the-web
  ConnectTimeout 1m
  ServerAliveInterval 7
  ServerAliveCountMax 2
  SetEnv A=b "C=d e=f"
  HashKnownHosts yes
Host db
  HostName 10.0.0.9`;
  const web = await read(t, config, { host: "web1" });
  assert.equal(web.hostname, "web1.example.com");
  assert.deepEqual([web.user, web.port, web.family], ["deployer", 2200, 6]);
  assert.deepEqual([web.bindAddress, web.hostKeyAlias], ["127.0.0.9", "the-web"]);
  assert.deepEqual([web.connectTimeout, web.keepaliveInterval, web.keepaliveCount], [60_000, 7000, 2]);
  assert.deepEqual(web.environment, { A: "b", C: "d e=f" });
  assert.equal(web.hashKnownHosts, true);
  const db = await read(t, config, { host: "db" });
  assert.deepEqual([db.hostname, db.port, db.user], ["10.0.0.9", 22, userInfo().username]);
  assert.deepEqual([db.connectTimeout, db.keepaliveInterval, db.keepaliveCount], [10_000, 15_000, 3]);
  assert.deepEqual([db.family, db.bindAddress, db.hostKeyAlias], [0, undefined, undefined]);
});

test("user and port of the record come first", async (t) => {
  const config = "Host *\n User deployer\n Port 2200\n";
  const settings = await read(t, config, { host: "web1", user: "essay", port: 2222 });
  assert.deepEqual([settings.user, settings.port], ["essay", 2222]);
});

test("files of keys and known hosts, with tokens and spaces", async (t) => {
  environment(t, { ESSAY_TEST_KEYS: "/keys" });
  const config = `
IdentityFile ~/.ssh/%r@%h-%p
IdentityFile "/a b/key"
IdentityFile \${ESSAY_TEST_KEYS}/100%%
UserKnownHostsFile ~/.ssh/known-%n "/a b/known hosts"
GlobalKnownHostsFile none
`;
  const settings = await read(t, config, { host: "web1", user: "essay", port: 2222 });
  assert.deepEqual(settings.identityFiles, [`${home}/.ssh/essay@web1-2222`, "/a b/key", "/keys/100%"]);
  assert.deepEqual(settings.userKnownHosts, [`${home}/.ssh/known-web1`, "/a b/known hosts"]);
  assert.deepEqual(settings.globalKnownHosts, []);
});

test("a variable that is not set is an error that names it", async (t) => {
  const settings = read(t, `IdentityFile \${ESSAY_TEST_NOWHERE}/key\n`, { host: "web1" });
  await assert.rejects(settings, /ESSAY_TEST_NOWHERE/);
});

test("the agent", async (t) => {
  environment(t, { SSH_AUTH_SOCK: "/run/agent", ESSAY_TEST_AGENT: "/run/other" });
  const agentOf = async (config: string) => (await read(t, config, { host: "web1" })).agent;
  assert.equal(await agentOf(""), "/run/agent");
  assert.equal(await agentOf("IdentityAgent SSH_AUTH_SOCK"), "/run/agent");
  assert.equal(await agentOf("IdentityAgent $ESSAY_TEST_AGENT"), "/run/other");
  assert.equal(await agentOf("IdentityAgent ~/%r.sock\nUser u"), `${home}/u.sock`);
  assert.equal(await agentOf("IdentityAgent none"), undefined);
  const forwarded = async (config: string) => (await read(t, config, { host: "web1" })).forwardAgent;
  assert.equal(await forwarded(""), undefined);
  assert.equal(await forwarded("ForwardAgent yes"), "/run/agent");
  assert.equal(await forwarded("ForwardAgent $ESSAY_TEST_AGENT"), "/run/other");
});

test("no setting turns the check of known keys off; some learn unknown ones", async (t) => {
  const learns = async (value: string, flag = false) =>
    (await read(t, `StrictHostKeyChecking ${value}`, { host: "web1" }, flag)).acceptNew;
  assert.equal(await learns("yes"), false);
  assert.equal(await learns("ask"), false);
  assert.equal(await learns("accept-new"), true);
  assert.equal(await learns("no"), true);
  assert.equal(await learns("yes", true), true);
});

test("ways of logging in", async (t) => {
  const settings = (config: string) => read(t, config, { host: "web1" });
  const methods = async (config: string) => (await settings(config)).methods.join();
  assert.equal(await methods(""), "publickey,keyboard-interactive,password");
  assert.equal(await methods("PubkeyAuthentication no"), "keyboard-interactive,password");
  assert.equal(await methods("KbdInteractiveAuthentication no\nPasswordAuthentication no"), "publickey");
  assert.equal(await methods("PreferredAuthentications gssapi-with-mic"), "");
  assert.equal(await methods("PreferredAuthentications password,publickey"), "password,publickey");
  assert.equal(await methods("BatchMode yes"), "publickey");
  assert.equal((await settings("NumberOfPasswordPrompts 1")).prompts, 1);
  assert.equal((await settings("IdentitiesOnly yes")).identitiesOnly, true);
  assert.deepEqual((await settings("CertificateFile /x-cert.pub")).unused, ["CertificateFile /x-cert.pub"]);
});

for (const [name, config] of [
  ["ProxyCommand", "ProxyCommand nc %h %p"],
  ["RevokedHostKeys", "RevokedHostKeys /etc/ssh/revoked"],
] as const)
  test(`${name} is refused by its name, with what can use it`, async (t) => {
    await assert.rejects(read(t, config, { host: "web1" }), new RegExp(`web1: .*${name}.*--ssh openssh`));
  });

test("the hosts on the way", async (t) => {
  const jumps = async (value: string) => (await read(t, `ProxyJump ${value}`, { host: "web1" })).jumps;
  assert.deepEqual(await jumps("none"), []);
  assert.deepEqual(await jumps("bastion"), [{ host: "bastion" }]);
  assert.deepEqual(await jumps("me@b:2200,ssh://you@c:22,a@b@[::1]:2222,10.0.0.1"), [
    { host: "b", user: "me", port: 2200 },
    { host: "c", user: "you", port: 22 },
    { host: "::1", user: "a@b", port: 2222 },
    { host: "10.0.0.1" },
  ]);
});

test("ProxyCommand none is no ProxyCommand", async (t) => {
  assert.equal((await read(t, "ProxyCommand none\nProxyJump none", { host: "web1" })).hostname, "web1");
});

test("what ssh cannot read is an error with its words", async (t) => {
  await assert.rejects(read(t, "Nonsense yes", { host: "web1" }), /nonsense/i);
  const missing = new SshSettingsReader(join(scratch(t), "missing"), false).settingsFor({ host: "web1" });
  await assert.rejects(missing, /missing/);
});

test("what ssh could not read is read again when it has been mended", async (t) => {
  const file = join(scratch(t), "config");
  writeFileSync(file, "No such setting\n");
  const reader = new SshSettingsReader(file, false);
  await assert.rejects(reader.settingsFor({ host: "web" }), { code: "unresolved" });
  writeFileSync(file, "Port 2200\n");
  assert.equal((await reader.settingsFor({ host: "web" })).port, 2200);
});

test("a host is never an option, and never more than a name", async (t) => {
  const made = join(scratch(t), "made");
  for (const host of [`-oProxyCommand=touch ${made}`, `x;touch ${made}`, `$(touch ${made})`])
    await assert.rejects(read(t, `Match exec "echo %h"\n`, { host }), { code: "unresolved" });
});

test("without ssh, what the record says and ssh's own defaults", async (t) => {
  environment(t, { PATH: scratch(t), SSH_AUTH_SOCK: "/run/agent" });
  const settings = await new SshSettingsReader(undefined, false).settingsFor({ host: "Web1", port: 2222 });
  assert.deepEqual([settings.hostname, settings.port, settings.user], ["web1", 2222, userInfo().username]);
  assert.equal(settings.agent, "/run/agent");
  assert.ok(settings.identityFiles.includes(`${home}/.ssh/id_ed25519`));
  assert.equal(settings.userKnownHosts[0], `${home}/.ssh/known_hosts`);
  assert.equal(settings.globalKnownHosts[0], "/etc/ssh/ssh_known_hosts");
  assert.deepEqual([settings.acceptNew, settings.prompts, settings.algorithms], [false, 3, undefined]);
  assert.equal(settings.methods[0], "publickey");
});

test("ssh is called with the file, the user, the port, and the host behind --", async (t) => {
  const directory = join(scratch(t), "bin");
  mkdirSync(directory);
  writeFileSync(join(directory, "ssh"), '#!/bin/sh\nfor a; do echo "setenv A$((i+=1))=$a"; done\n');
  chmodSync(join(directory, "ssh"), 0o755);
  environment(t, { PATH: `${directory}:${process.env.PATH}` });
  const reader = new SshSettingsReader("/some/file", false);
  const { environment: args } = await reader.settingsFor({ host: "web1", user: "essay", port: 2222 });
  assert.deepEqual(Object.values(args), [
    "-G",
    "-v",
    "-F",
    "/some/file",
    "-l",
    "essay",
    "-p",
    "2222",
    "--",
    "web1",
  ]);
});
