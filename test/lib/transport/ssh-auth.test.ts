import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Candidates, Identities, Login } from "../../../lib/transport/ssh-auth.js";
import type { SshSettings } from "../../../lib/transport/ssh-settings.js";
import { until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";

function makeKey(directory: string, name: string, passphrase = "", type = "ed25519"): string {
  const file = join(directory, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", name, "-f", file]);
  return file;
}

/** An agent that holds some keys and ends with the test. */
async function agentWith(t: TestContext, directory: string, ...files: string[]): Promise<string> {
  const socket = join(directory, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  t.after(async () => {
    agent.kill();
    await once(agent, "exit");
  });
  await until("the agent", () => existsSync(socket));
  for (const file of files)
    execFileSync("ssh-add", ["-q", file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return socket;
}

/** Gives the answers one after the other, then none; without answers, nobody is there. */
function asker(...answers: string[]) {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answers.shift();
  };
  return { isThere: answers.length > 0, isAsking: false, ask, asked };
}

const methods = ["publickey", "keyboard-interactive", "password"] as const;

async function candidates(settings: Partial<SshSettings>) {
  const complete = { identityFiles: [], identitiesOnly: false, methods, unused: [], ...settings };
  const { keys, leftOut } = await new Identities(asker()).candidatesFor(complete as unknown as SshSettings);
  return { said: keys.map(({ said }) => said.replace(/ [A-Z0-9]+ SHA256:\S+$/, "")), leftOut };
}

test("key files in their order; files that are not there are no news", async (t) => {
  const directory = scratch(t);
  const [one, two] = [makeKey(directory, "one", "", "rsa"), makeKey(directory, "two", "", "ecdsa")];
  const found = await candidates({ identityFiles: [two, join(directory, "none"), one] });
  assert.deepEqual(found, { said: [two, one], leftOut: [] });
});

test("keys that cannot be used are named, with the reason", async (t) => {
  const directory = scratch(t);
  const encrypted = makeKey(directory, "encrypted", "secret");
  const open = makeKey(directory, "open");
  chmodSync(open, 0o644);
  const broken = join(directory, "broken");
  writeFileSync(broken, "no key\n", { mode: 0o600 });
  const { said, leftOut } = await candidates({
    identityFiles: [encrypted, open, broken],
    agent: join(directory, "no-agent"),
    unused: ["CertificateFile /x-cert.pub"],
  });
  assert.deepEqual(said, []);
  const text = leftOut.join("\n");
  assert.match(text, /encrypted \(it has a passphrase, and there is no terminal to ask on; ssh-add /);
  assert.match(text, /open \(others may read it; chmod 600 /);
  assert.match(text, /broken \(/);
  assert.match(text, /the agent at .*no-agent/);
  assert.match(text, /CertificateFile \/x-cert.pub \(--ssh openssh can use it\)/);
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

test("keys that the configuration forbids are not tried", async (t) => {
  const file = makeKey(scratch(t), "one");
  const { said, leftOut } = await candidates({ identityFiles: [file], methods: [] });
  assert.deepEqual(said, []);
  assert.match(leftOut.join(), /forbids/);
});

function loginWith(found: Candidates, person = asker(), prompts = 3) {
  return new Login("web1", { user: "essay", methods, prompts }, found, person);
}

test("a log-in tries each key once, as long as the server takes keys, and tells how it went", async (t) => {
  const directory = scratch(t);
  const settings = {
    identityFiles: ["one", "two"].map((name) => makeKey(directory, name)),
    methods,
    unused: [],
  };
  const found = await new Identities(asker()).candidatesFor(settings as unknown as SshSettings);
  const login = loginWith(found);
  assert.ok(await login.next(null, null));
  assert.ok(!login.denied);
  assert.ok(await login.next(["publickey", "password"], false));
  assert.equal(await login.next(["publickey", "password"], false), false);
  assert.ok(login.denied);
  assert.match(
    login.story,
    /^tried: .*one, .*two; not tried: password \(there is no terminal to ask on\); the server offers: publickey, password$/,
  );

  const refused = loginWith(found);
  await refused.next(null, null);
  assert.equal(await refused.next(["hostbased", "gssapi-with-mic"], false), false);
  assert.match(refused.story, /not tried: hostbased \(--ssh openssh .*, gssapi-with-mic \(--ssh openssh can/);

  const partial = loginWith(found);
  await partial.next(null, null);
  assert.equal(await partial.next(["keyboard-interactive"], true), false);
  assert.match(partial.story, /also wants: keyboard-interactive/);
});

test("without a key, the server is asked what it offers", async () => {
  const login = loginWith({ keys: [], leftOut: ["/k (it has a passphrase)"] });
  assert.deepEqual(await login.next(null, null), { type: "none", username: "essay" });
  assert.equal(await login.next(["publickey"], false), false);
  assert.match(
    login.story,
    /nothing to try; not tried: \/k \(it has a passphrase\); the server offers: publickey/,
  );
});

test("a password is asked for as often as ssh does, and not after an empty one", async () => {
  const none = { keys: [], leftOut: [] };
  const person = asker("one", "two", "three");
  const login = loginWith(none, person, 2);
  await login.next(null, null);
  const left = ["password"];
  assert.deepEqual(await login.next(left, false), { type: "password", username: "essay", password: "one" });
  assert.ok(await login.next(left, false));
  assert.equal(await login.next(left, false), false);
  assert.deepEqual(person.asked, ["password of essay@web1: ", "wrong; password of essay@web1: "]);
  assert.equal(login.story, "tried: password, password; the server offers: password");

  const silent = asker("");
  const gaveUp = loginWith(none, silent);
  await gaveUp.next(null, null);
  assert.equal(await gaveUp.next(left, false), false);
  assert.equal(await gaveUp.next(left, false), false);
  assert.equal(silent.asked.length, 1);
});

test("the server's own questions are passed on, with its words", async () => {
  const person = asker("blue", "42");
  const login = loginWith({ keys: [], leftOut: [] }, person);
  await login.next(null, null);
  const attempt = await login.next(["keyboard-interactive"], false);
  assert.ok(attempt && attempt.type === "keyboard-interactive" && "prompt" in attempt);
  const answers = await new Promise((resolve) => {
    const prompts = [
      { prompt: "Colour: ", echo: true },
      { prompt: "Code: ", echo: false },
    ];
    attempt.prompt("", "Think.", "", prompts, resolve);
  });
  assert.deepEqual(answers, ["blue", "42"]);
  assert.deepEqual(person.asked, ["(essay@web1) Think.; Colour: ", "(essay@web1) Code: "]);
});
