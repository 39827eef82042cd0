import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import ssh2, { type ParsedKey } from "ssh2";
import { LockedKey, publicHalf } from "../../../lib/transport/locked-key.js";
import { scratch } from "../../lab/program.js";

function makeKey(
  t: TestContext,
  type: string,
  ...more: string[]
): { file: string; text: Buffer; half: Buffer } {
  const file = join(scratch(t), "key");
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "secret", "-a", "1", ...more, "-f", file]);
  const [, base64 = ""] = readFileSync(`${file}.pub`, "utf8").split(" ");
  return { file, text: readFileSync(file), half: Buffer.from(base64, "base64") };
}

function answering(...answers: string[]) {
  const asked: string[] = [];
  return {
    isThere: true,
    isAsking: false,
    asked,
    ask: async (question: string) => {
      asked.push(question);
      return answers.shift();
    },
  };
}

const sign = (key: LockedKey, half: ParsedKey) =>
  new Promise<Buffer>((resolve, reject) =>
    key.sign(half, Buffer.from("data"), {}, (error, signature) =>
      signature ? resolve(signature) : reject(error),
    ),
  );

const parsed = (half: Buffer, type: string) => {
  const key = ssh2.utils.parseKey(`${type} ${half.toString("base64")}`);
  assert.ok(!(key instanceof Error));
  return key as ParsedKey;
};

test("the public half of encrypted files", (t) => {
  for (const type of ["ed25519", "ecdsa"]) {
    const { text, half } = makeKey(t, type);
    assert.deepEqual(publicHalf(text), half);
  }
  assert.equal(publicHalf(makeKey(t, "rsa", "-m", "PEM").text), undefined);
  assert.equal(publicHalf(Buffer.from("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END")), undefined);
  assert.equal(publicHalf(Buffer.from("no key")), undefined);
});

test("asked for once, whatever is signed; a wrong passphrase is asked for again", async (t) => {
  const { file, text, half } = makeKey(t, "ed25519");
  const person = answering("wrong", "secret");
  const publicKey = parsed(half, "ssh-ed25519");
  const key = new LockedKey(file, text, publicKey, person);
  key.getIdentities((_, keys) => assert.deepEqual(keys, [publicKey]));
  assert.deepEqual(person.asked, []);
  const signatures = await Promise.all([sign(key, publicKey), sign(key, publicKey)]);
  for (const signature of signatures) assert.ok(publicKey.verify(Buffer.from("data"), signature));
  assert.deepEqual(person.asked, [`passphrase of ${file}: `, `wrong; passphrase of ${file}: `]);
});

test("three wrong ones, or an empty one, are the end of it", async (t) => {
  const { file, text, half } = makeKey(t, "ed25519");
  const publicKey = parsed(half, "ssh-ed25519");
  for (const [answers, times] of [
    [["a", "b", "c", "secret"], 3],
    [[""], 1],
  ] as const) {
    const person = answering(...answers);
    const key = new LockedKey(file, text, publicKey, person);
    for (let again = 0; again < 2; again++) await assert.rejects(sign(key, publicKey), /no passphrase/);
    assert.equal(person.asked.length, times);
    assert.equal(key.failed, true);
  }
});

test("an old file that does not tell its public half is unlocked before it is shown", async (t) => {
  const { file, text, half } = makeKey(t, "rsa", "-m", "PEM", "-b", "2048");
  const person = answering("secret");
  const key = new LockedKey(file, text, undefined, person);
  const keys = await new Promise<ParsedKey[]>((resolve, reject) =>
    key.getIdentities((error, found) => (found ? resolve(found as ParsedKey[]) : reject(error))),
  );
  assert.deepEqual(keys[0]?.getPublicSSH(), half);
  assert.equal(person.asked.length, 1);
});
