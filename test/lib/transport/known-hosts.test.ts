import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto, { createHmac, generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  entryName,
  fingerprint,
  type KnownHosts,
  KnownHostsFiles,
  typeOf,
} from "../../../lib/transport/known-hosts.js";
import { scratch } from "../../lab/program.js";

function string(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The public half of a fresh key, as RFC 8709 section 4 writes it; `type` may lie for the sake of a test. */
function freshKey(type = "ssh-ed25519"): Buffer {
  const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return Buffer.concat([string(Buffer.from(type)), string(Buffer.from(x, "base64url"))]);
}

const written = (key: Buffer) => `${typeOf(key)} ${key.toString("base64")}`;

async function known(t: TestContext, ...lines: string[]): Promise<KnownHosts> {
  const file = join(scratch(t), "known_hosts");
  writeFileSync(file, lines.join("\n"));
  return new KnownHostsFiles().load([file], []);
}

const [one, two, three] = [freshKey(), freshKey(), freshKey("ssh-rsa")];

test("plain names, lists of names, ports, comments and broken lines", async (t) => {
  const hosts = await known(
    t,
    "# a comment",
    "",
    `web1,10.0.0.7 ${written(one)} somebody@somewhere`,
    `\t[web1]:2222 ${written(two)}\r`,
    "web1 ssh-ed25519 %%%",
    "web1 1024 35 1234567890",
    `web1 ssh-rsa ${one.toString("base64")}`,
    `@strange web1 ${written(two)}`,
    "web1",
  );
  assert.deepEqual(hosts.verdict(["web1"], one), { is: "known" });
  assert.deepEqual(hosts.verdict(["10.0.0.7"], one), { is: "known" });
  assert.deepEqual(hosts.verdict([entryName("WEB1", 2222)], two), { is: "known" });
  assert.equal(hosts.verdict(["web2"], one).is, "unknown");
  const changed = hosts.verdict(["web1"], two);
  assert.ok(changed.is === "changed");
  assert.equal(changed.line.line, 3);
});

test("a key that is known without the port will do, and another one there is no change", async (t) => {
  const hosts = await known(t, `web1 ${written(one)}`);
  const names = [entryName("web1", 2222), entryName("web1", 22)] as const;
  assert.equal(hosts.verdict(names, one).is, "known");
  assert.equal(hosts.verdict(names, two).is, "unknown");
});

test("a key that is known without the port does not make up for another one with the port", async (t) => {
  const hosts = await known(
    t,
    `web1 ${written(one)}`,
    `[web1]:2222 ${written(two)}`,
    `@revoked web1 ${written(three)}`,
  );
  const names = [entryName("web1", 2222), entryName("web1", 22)] as const;
  const changed = hosts.verdict(names, one);
  assert.ok(changed.is === "changed");
  assert.equal(changed.line.line, 2);
  assert.equal(hosts.verdict(names, two).is, "known");
  assert.equal(hosts.verdict(names, three).is, "revoked");
});

test("wildcards and negations", async (t) => {
  const hosts = await known(
    t,
    `!bad.example.com,*.example.com,web? ${written(one)}`,
    `[*.example.org]:2222 ${written(two)}`,
    `a.b ${written(two)}`,
  );
  for (const name of ["x.example.com", "a.b.example.com", "web1"])
    assert.equal(hosts.verdict([name], one).is, "known", name);
  for (const name of ["bad.example.com", "example.com", "web", "web12", "axb"])
    assert.equal(hosts.verdict([name], one).is, "unknown", name);
  assert.equal(hosts.verdict(["[x.example.org]:2222"], two).is, "known");
  assert.equal(hosts.verdict(["axb"], two).is, "unknown");
});

test("names that ssh-keygen has hashed", async (t) => {
  const file = join(scratch(t), "known_hosts");
  writeFileSync(file, `web1 ${written(one)}\n[web2]:2222 ${written(two)}\n`);
  execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
  assert.match(readFileSync(file, "utf8"), /^\|1\|/);
  const hosts = await new KnownHostsFiles().load([file], []);
  assert.equal(hosts.verdict(["web1"], one).is, "known");
  assert.equal(hosts.verdict(["[web2]:2222"], two).is, "known");
  const changed = hosts.verdict(["web1"], two);
  assert.ok(changed.is === "changed");
  assert.equal(changed.line.line, 1);
  assert.deepEqual(hosts.types("web1", false), []);
  assert.deepEqual(hosts.types("web1", true), ["ssh-ed25519"]);
});

test("several keys of a host", async (t) => {
  const hosts = await known(t, `web1 ${written(three)}`, `web1 ${written(one)}`, `web1 ${written(two)}`);
  for (const key of [one, two, three]) assert.equal(hosts.verdict(["web1"], key).is, "known");
  assert.deepEqual(hosts.types("web1", false), ["ssh-rsa", "ssh-ed25519"]);
  const changed = hosts.verdict(["web1"], freshKey());
  assert.ok(changed.is === "changed");
  // The line of a key of the same type, although another one comes first.
  assert.equal(changed.line.line, 2);
});

test("a key of another type than the known one is a change, not a new host", async (t) => {
  const hosts = await known(t, `web1 ${written(three)}`);
  assert.equal(hosts.verdict(["web1"], one).is, "changed");
});

test("revoked keys, for some hosts or for all", async (t) => {
  const hosts = await known(
    t,
    `web1 ${written(one)}`,
    `@revoked * ${written(one)}`,
    `@revoked web2 ${written(two)}`,
  );
  const revoked = hosts.verdict(["web1"], one);
  assert.ok(revoked.is === "revoked");
  assert.equal(revoked.line.line, 2);
  assert.equal(hosts.verdict(["web2"], two).is, "revoked");
  assert.equal(hosts.verdict(["web3"], two).is, "unknown");
});

test("a certificate authority is no key of the host", async (t) => {
  const hosts = await known(t, `@cert-authority *.example.com ${written(one)}`);
  const verdict = hosts.verdict(["web1.example.com"], one);
  assert.ok(verdict.is === "unknown");
  assert.equal(verdict.authority?.line, 1);
  assert.deepEqual(hosts.types("web1.example.com", true), []);
});

test("the files of the user and of the machine count together", async (t) => {
  const directory = scratch(t);
  const [mine, all, none] = ["mine", "all", "none"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(mine, `web1 ${written(one)}\n`);
  writeFileSync(all, `web2 ${written(two)}\n@revoked * ${written(three)}\n`);
  const hosts = await new KnownHostsFiles().load([none, mine], [all]);
  assert.equal(hosts.verdict(["web1"], one).is, "known");
  assert.equal(hosts.verdict(["web2"], two).is, "known");
  assert.equal(hosts.verdict(["web1"], three).is, "revoked");
});

test("learning makes directory and file private, and ssh-keygen finds what was learnt", async (t) => {
  const directory = join(scratch(t), ".ssh");
  const file = join(directory, "known_hosts");
  const hosts = await new KnownHostsFiles().load([file], []);
  assert.equal(await hosts.learn("web1", one, false), file);
  await hosts.learn("[web2]:2222", two, true);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const lines = readFileSync(file, "utf8").split("\n");
  assert.equal(lines[0], `web1 ${written(one)}`);
  assert.match(lines[1] ?? "", /^\|1\|[^ |]+\|[^ |]+ ssh-ed25519 /);
  for (const name of ["web1", "[web2]:2222"]) execFileSync("ssh-keygen", ["-F", name, "-f", file]);
  assert.equal(hosts.verdict(["[web2]:2222"], two).is, "known");
});

test("learning many hosts at once, after a line without end, loses none and repeats none", async (t) => {
  const file = join(scratch(t), "known_hosts");
  writeFileSync(file, `web0 ${written(one)}`);
  chmodSync(file, 0o644);
  const files = new KnownHostsFiles();
  const keys = Array.from({ length: 50 }, (_, index) => ({ name: `web${index + 1}`, key: freshKey() }));
  const twice = [...keys, ...keys];
  await Promise.all(
    twice.map(async ({ name, key }) => (await files.load([file], [])).learn(name, key, false)),
  );
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  assert.deepEqual(
    lines.sort(),
    [`web0 ${written(one)}`, ...keys.map(({ name, key }) => `${name} ${written(key)}`)].sort(),
  );
  assert.equal(statSync(file).mode & 0o777, 0o644);
});

test("without a file nothing is learnt, and nothing breaks", async () => {
  const hosts = await new KnownHostsFiles().load([], []);
  assert.equal(await hosts.learn("web1", one, false), undefined);
  assert.equal(hosts.verdict(["web1"], one).is, "unknown");
});

test("a file that cannot be read is an error that names it", async (t) => {
  const directory = scratch(t);
  await assert.rejects(new KnownHostsFiles().load([directory], []), new RegExp(directory));
  assert.ok(existsSync(directory));
});

test("fingerprints are those of ssh-keygen", (t) => {
  const file = join(scratch(t), "key");
  for (const type of ["ed25519", "ecdsa", "rsa"]) {
    const path = `${file}-${type}`;
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", path]);
    const [, base64 = ""] = readFileSync(`${path}.pub`, "utf8").split(" ");
    const said = execFileSync("ssh-keygen", ["-l", "-f", path], { encoding: "utf8" });
    const [, hash] = said.split(" ");
    assert.equal(fingerprint(Buffer.from(base64, "base64")), `${type.toUpperCase()} ${hash}`);
  }
});

test("files are read once, and names are hashed for few of many lines", async (t) => {
  const file = join(scratch(t), "known_hosts");
  const salt = Buffer.alloc(20, 7).toString("base64");
  const lines = Array.from({ length: 10_000 }, (_, number) => {
    const key = Buffer.from(one);
    key.writeUInt32BE(number, key.length - 4);
    const other = createHmac("sha1", "x").update(String(number)).digest("base64");
    return `|1|${salt}|${other} ${written(key)}`;
  });
  const own = createHmac("sha1", Buffer.from(salt, "base64")).update("web1").digest("base64");
  writeFileSync(file, `${lines.join("\n")}\n|1|${salt}|${own} ${written(two)}\n`);
  const files = new KnownHostsFiles();
  await files.load([file], []);
  unlinkSync(file);
  const hosts = await files.load([], [file]);
  const hmac = t.mock.method(crypto, "createHmac");
  syncBuiltinESMExports();
  t.after(() => {
    hmac.mock.restore();
    syncBuiltinESMExports();
  });
  assert.deepEqual(hosts.types("web1", false), []);
  assert.equal(hosts.verdict(["web1"], two).is, "known");
  assert.equal(hmac.mock.callCount(), 1);
});
