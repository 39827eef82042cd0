import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { fileOf, recordsOf, scratch } from "../../lab/program.js";
import { labFor, type Started } from "../../lab/reach.js";
import { atTerminal, withoutTerminal } from "../../lab/terminal.js";

/** A program that says hello on hosts, its input and output in files; and how to read what came out. */
function hello(t: TestContext, { lab }: Started, places: readonly number[], lines: string) {
  const directory = scratch(t);
  const path = (name: string) => join(directory, name);
  const known = `UserKnownHostsFile ${lab.knownHosts}\nGlobalKnownHostsFile /dev/null\n`;
  writeFileSync(path("ssh_config"), `${lines}\n${known}`);
  const records = places.map((place) => {
    const { address: host, user, port } = lab.hosts[place] ?? assert.fail();
    return JSON.stringify({ host, user, port, transport: "ssh", batch: { id: "x", size: places.length } });
  });
  writeFileSync(path("in"), `${records.join("\n")}\n`);
  const step = `${process.execPath} ${fileOf("es-reach")} -k --ssh-config ${path("ssh_config")}`;
  return {
    command: `${step} <${path("in")} >${path("out")}`,
    errors: () => recordsOf(readFileSync(path("out"), "utf8")).map(({ error }) => error),
  };
}

describe("a key with a passphrase", () => {
  const started = labFor({ hosts: 3 });
  const lockedKey = (t: TestContext) => {
    const key = join(scratch(t), "key");
    copyFileSync(started.lab.identityFile, key);
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-a", "1", "-f", key]);
    return key;
  };

  test("is asked for once for all hosts, and again when it is wrong", async (t) => {
    const key = lockedKey(t);
    const run = hello(t, started, [0, 1, 2], `IdentityFile ${key}`);
    const talk = [
      [`passphrase of ${key}: `, "wrong\r"],
      [`wrong; passphrase of ${key}: `, "secret\r"],
    ] as const;
    const ran = await atTerminal(run.command, talk);
    assert.deepEqual([ran.status, run.errors()], [0, [undefined, undefined, undefined]], ran.report);
    assert.equal(ran.stdout.split("passphrase of").length, 3, ran.report);
    assert.doesNotMatch(ran.stdout, /secret/);
  });

  test("is not asked for where another key does, nor by a host that does not take it", async (t) => {
    const other = join(scratch(t), "other");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-a", "1", "-f", other]);
    const lines = `IdentityFile ${other}\nIdentityFile ${started.lab.identityFile}`;
    const run = hello(t, started, [0], lines);
    const ran = await atTerminal(run.command, []);
    assert.deepEqual([ran.status, run.errors()], [0, [undefined]], ran.report);
  });

  test("that nobody knows is asked for three times in all, and said so", async (t) => {
    const key = lockedKey(t);
    const run = hello(t, started, [0, 1], `IdentityFile ${key}`);
    const typed = ["a", "b", "c"].map((text) => ["passphrase of", `${text}\r`] as const);
    const ran = await atTerminal(run.command, typed);
    assert.equal(ran.status, 1, ran.report);
    for (const error of run.errors()) {
      assert.equal(error.code, "auth-failed");
      assert.match(
        error.message,
        /nothing to try; not tried: .*key \(no passphrase was given that fits\); the server offers/,
      );
    }
    assert.equal(ran.stdout.split("passphrase of").length, 4, ran.report);
  });

  test("is left out without a terminal, with what to do", async (t) => {
    const key = lockedKey(t);
    const run = hello(t, started, [0], `IdentityFile ${key}`);
    const ran = await withoutTerminal(run.command);
    assert.equal(ran.status, 1, ran.report);
    const [error] = run.errors();
    assert.equal(error.code, "auth-failed");
    assert.ok(
      error.message.includes(
        `${key} (it has a passphrase, and there is no terminal to ask on; ssh-add ${key})`,
      ),
    );
    assert.match(error.message, /the server offers: publickey/);
  });
});

for (const [method, config, question] of [
  ["password", ["PasswordAuthentication yes"], "password of "],
  ["keyboard-interactive", ["UsePAM yes", "KbdInteractiveAuthentication yes"], "Password: "],
] as const)
  describe(`hosts that want ${method}`, () => {
    const started = labFor({ hosts: 2, config });
    const setPassword = (hash: string) => {
      for (const { user } of started.lab.hosts) execFileSync("usermod", ["-p", hash, user]);
    };
    before(() =>
      setPassword(execFileSync("openssl", ["passwd", "-6", "open sesame"], { encoding: "utf8" }).trim()),
    );
    after(() => setPassword("*"));

    test("each asks for its own; a wrong one is asked for again", async (t) => {
      const run = hello(t, started, [0, 1], "IdentityFile none");
      const talk = ["wrong", "open sesame", "open sesame"].map((typed) => [question, `${typed}\r`] as const);
      const ran = await atTerminal(run.command, talk);
      assert.deepEqual([ran.status, run.errors()], [0, [undefined, undefined]], ran.report);
      assert.doesNotMatch(ran.stdout, /sesame/);
      for (const { user } of started.lab.hosts) assert.ok(ran.stdout.includes(`${user}@`), ran.report);
    });

    test("is asked as often as ssh does, and the error says what was tried", async (t) => {
      const run = hello(t, started, [0], "IdentityFile none\nNumberOfPasswordPrompts 2");
      const ran = await atTerminal(run.command, [
        [question, "a\r"],
        [question, "b\r"],
      ]);
      assert.equal(ran.status, 1, ran.report);
      const [error] = run.errors();
      assert.equal(error.code, "auth-failed");
      assert.match(
        error.message,
        new RegExp(`tried: ${method}, ${method}; the server offers: publickey, ${method}$`),
      );
    });

    test("never without a terminal", async (t) => {
      const run = hello(t, started, [0], "IdentityFile none");
      const ran = await withoutTerminal(run.command);
      assert.equal(ran.status, 1, ran.report);
      const [error] = run.errors();
      assert.equal(error.code, "auth-failed");
      assert.ok(error.message.includes(`${method} (there is no terminal to ask on)`), error.message);
    });
  });
