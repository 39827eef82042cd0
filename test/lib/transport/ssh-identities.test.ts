import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Identities } from "../../../lib/transport/ssh-identities.js";
import type { SshSettings } from "../../../lib/transport/ssh-settings.js";
import { agentWith, asker, makeKey } from "../../lab/keys.js";
import { scratch } from "../../lab/program.js";
import { unixServer } from "../../lab/unix-server.js";

const methods = ["publickey", "keyboard-interactive", "password"] as const;

async function candidates(settings: Partial<SshSettings>, limit?: number) {
  const complete = { identityFiles: [], identitiesOnly: false, methods, unused: [], ...settings };
  const { keys, leftOut } = await new Identities(asker(), limit).candidatesFor(
    complete as unknown as SshSettings,
  );
  return { said: keys.map(({ said }) => said.replace(/ [A-Z0-9]+ SHA256:\S+$/, "")), leftOut };
}

test("key files in their order; files that are not there are no news", async (t) => {
  const directory = scratch(t);
  const [one, two] = [makeKey(directory, "one", "", "rsa"), makeKey(directory, "two", "", "ecdsa")];
  const found = await candidates({ identityFiles: [two, join(directory, "none"), one] });
  assert.deepEqual(found, { said: [two, one], leftOut: [] });
});

test("the agent's keys that are named come first, its others next, files last", async (t) => {
  const directory = scratch(t);
  const [one, two, three] = ["one", "two", "three"].map((name) => makeKey(directory, name));
  assert.ok(one && two && three);
  const agent = await agentWith(t, directory, one, two);
  const found = await candidates({ agent, identityFiles: [three, two] });
  assert.deepEqual(found.said, ["the agent's key two", "the agent's key one", three]);
  const only = await candidates({ agent, identityFiles: [three, two], identitiesOnly: true });
  assert.deepEqual(only.said, ["the agent's key two", three]);
});

test("the agent holds what a public key or an encrypted file names", async (t) => {
  const directory = scratch(t);
  const [one, two] = [makeKey(directory, "one"), makeKey(directory, "two")];
  const agent = await agentWith(t, directory, one, two);
  execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-f", one]);
  copyFileSync(`${two}.pub`, join(directory, "only.pub"));
  unlinkSync(two);
  const identityFiles = [one, join(directory, "only.pub")];
  const found = await candidates({ agent, identityFiles, identitiesOnly: true });
  assert.deepEqual(found, { said: ["the agent's key one", "the agent's key two"], leftOut: [] });
});

test("what the agent holds and ssh2 cannot use is named", async (t) => {
  const directory = scratch(t);
  const [ca, one] = [makeKey(directory, "ca"), makeKey(directory, "one")];
  execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "me", `${one}.pub`]);
  const agent = await agentWith(t, directory, one);
  const found = await candidates({ agent });
  assert.deepEqual(found, {
    said: ["the agent's key one"],
    leftOut: ["the agent's one (a certificate; --ssh openssh can use it)"],
  });
});

test("keys that the configuration forbids are not tried", async (t) => {
  const file = makeKey(scratch(t), "one");
  const { said, leftOut } = await candidates({ identityFiles: [file], methods: [] });
  assert.deepEqual(said, []);
  assert.match(leftOut.join(), /forbids/);
});

test("an agent that is not there, and settings that only ssh itself can use, are named", async (t) => {
  const agent = join(scratch(t), "no-agent");
  const { said, leftOut } = await candidates({ agent, unused: ["CertificateFile /x-cert.pub"] });
  assert.deepEqual(said, []);
  assert.match(
    leftOut.join("\n"),
    /the agent at .*no-agent \(.*\)\nCertificateFile \/x-cert.pub \(--ssh openssh can use it\)$/,
  );
});

test("an agent that does not answer is left out, and files go on", async (t) => {
  const agent = await unixServer(t);
  const file = makeKey(scratch(t), "one");
  const { said, leftOut } = await candidates({ agent, identityFiles: [file] }, 50);
  assert.deepEqual([said, leftOut], [[file], [`the agent at ${agent} (it does not answer within 0.05 s)`]]);
});
