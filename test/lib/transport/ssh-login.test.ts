import assert from "node:assert/strict";
import { test } from "node:test";
import { type Candidates, Identities } from "../../../lib/transport/ssh-identities.js";
import { Login } from "../../../lib/transport/ssh-login.js";
import type { SshSettings } from "../../../lib/transport/ssh-settings.js";
import { asker, makeKey } from "../../lab/keys.js";
import { scratch } from "../../lab/program.js";

const methods = ["publickey", "keyboard-interactive", "password"] as const;

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

test("a terminal that goes while it is asked on answers nothing, and nothing more is asked", async () => {
  const gone = { isThere: true, isAsking: false, ask: () => Promise.reject(new Error("EIO")), asked: [] };
  const login = loginWith({ keys: [], leftOut: [] }, gone);
  await login.next(null, null);
  const attempt = await login.next(["keyboard-interactive"], false);
  assert.ok(attempt && attempt.type === "keyboard-interactive" && "prompt" in attempt);
  const prompts = [{ prompt: "Code: ", echo: false }];
  assert.deepEqual(await new Promise((resolve) => attempt.prompt("", "", "", prompts, resolve)), [""]);
  assert.equal(await login.next(["keyboard-interactive"], false), false);
});
