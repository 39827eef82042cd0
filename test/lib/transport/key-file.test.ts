import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readKeyFile } from "../../../lib/transport/key-file.js";
import { asker, makeKey } from "../../lab/keys.js";
import { scratch } from "../../lab/program.js";

const leftOut = async (path: string) => (await readKeyFile(path, asker()))?.leftOut;

test("keys of every type sign, as the public half says", async (t) => {
  const directory = scratch(t);
  for (const type of ["ed25519", "ecdsa", "rsa"]) {
    const found = await readKeyFile(makeKey(directory, type, "", type), asker());
    assert.ok(found?.key && found.publicKey, type);
    const data = Buffer.from("what is signed");
    const signature = found.key.sign(data);
    assert.ok(Buffer.isBuffer(signature) && found.key.verify(data, signature), type);
  }
});

test("a file that is not there is no news, unless its public half is", async (t) => {
  const directory = scratch(t);
  assert.equal(await readKeyFile(join(directory, "none"), asker()), undefined);
  const key = makeKey(directory, "one");
  unlinkSync(key);
  const found = await readKeyFile(key, asker());
  assert.deepEqual([found?.key, typeof found?.publicKey], [undefined, "object"]);
});

test("files that cannot be used, with the reason", async (t) => {
  const directory = scratch(t);
  const open = makeKey(directory, "open");
  chmodSync(open, 0o644);
  assert.equal(await leftOut(open), `${open} (others may read it; chmod 600 ${open})`);
  const broken = join(directory, "broken");
  writeFileSync(broken, "no key\n", { mode: 0o600 });
  assert.match((await leftOut(broken)) ?? "", /broken \(/);
  const folder = join(directory, "folder");
  mkdirSync(folder);
  assert.match((await leftOut(folder)) ?? "", /folder \(EISDIR/);
  const locked = makeKey(directory, "locked", "secret");
  assert.equal(
    await leftOut(locked),
    `${locked} (it has a passphrase, and there is no terminal to ask on; ssh-add ${locked})`,
  );
  assert.ok((await readKeyFile(locked, asker("secret")))?.locked);
});

/** A file in OpenSSH's format (PROTOCOL.key, PROTOCOL.u2f): a key that lies in a token, which we have not. */
function tokenKey(t: TestContext): string {
  const text = (value: string | Buffer) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const type = "sk-ssh-ed25519@openssh.com";
  const pub = Buffer.concat([text(type), text(Buffer.alloc(32, 7)), text("ssh:")]);
  const check = Buffer.from("abcdabcd");
  const own = Buffer.concat([check, pub, Buffer.from([1]), text("handle"), text(""), text("me")]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (own.length % 8)) % 8));
  const magic = Buffer.from("openssh-key-v1\0");
  const one = Buffer.from([0, 0, 0, 1]);
  const body = [
    magic,
    text("none"),
    text("none"),
    text(""),
    one,
    text(pub),
    text(Buffer.concat([own, padding])),
  ];
  const path = join(scratch(t), "token");
  const lines = Buffer.concat(body).toString("base64").replace(/.{70}/g, "$&\n");
  const armour = (word: string) => `-----${word} OPENSSH PRIVATE KEY-----\n`;
  writeFileSync(path, `${armour("BEGIN")}${lines}\n${armour("END")}`, { mode: 0o600 });
  // ssh-keygen takes it for such a key, too.
  assert.match(
    execFileSync("ssh-keygen", ["-yf", path], { encoding: "utf8" }),
    /^sk-ssh-ed25519@openssh.com /,
  );
  return path;
}

test("a security key is named with what can use it, with and without its public half beside it", async (t) => {
  const path = tokenKey(t);
  assert.equal(await leftOut(path), `${path} (a security key; --ssh openssh can use it)`);
  writeFileSync(`${path}.pub`, execFileSync("ssh-keygen", ["-yf", path]));
  assert.equal(await leftOut(path), `${path} (a security key; --ssh openssh can use it)`);
});

test("a certificate that lies beside a key is told", async (t) => {
  const directory = scratch(t);
  const [authority, key] = [makeKey(directory, "ca"), makeKey(directory, "me")];
  execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "me", `${key}.pub`]);
  const found = await readKeyFile(key, asker());
  assert.equal(found?.certificate, `${key}-cert.pub`);
  assert.ok(found.key);
});
