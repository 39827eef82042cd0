import assert from "node:assert/strict";
import { test } from "node:test";
import { offer } from "../../../lib/transport/ssh-algorithms.js";

const allowed = {
  kex: ["sntrup761x25519-sha512", "diffie-hellman-group14-sha256", "curve25519-sha256"],
  cipher: ["chacha20-poly1305@openssh.com", "aes256-ctr", "aes128-cbc"],
  hmac: ["umac-64@openssh.com", "hmac-sha2-256"],
  serverHostKey: ["ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-256", "ssh-ed25519"],
};

test("only what ssh allows is offered, and of that what is supported", () => {
  const { kex, cipher, hmac, serverHostKey } = offer(allowed, []);
  assert.deepEqual(kex, ["curve25519-sha256", "diffie-hellman-group14-sha256"]);
  assert.deepEqual(new Set(cipher as string[]), new Set(allowed.cipher));
  assert.deepEqual(hmac, ["hmac-sha2-256"]);
  assert.deepEqual(serverHostKey, ["ssh-ed25519", "rsa-sha2-256"]);
});

test("the fastest key exchange comes first, where it is allowed", () => {
  const kex = ["curve25519-sha256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp256"];
  assert.deepEqual(offer({ ...allowed, kex }, []).kex, [
    "ecdh-sha2-nistp256",
    "curve25519-sha256",
    "ecdh-sha2-nistp384",
  ]);
  const [first, ...rest] = offer(undefined, []).kex as string[];
  assert.equal(first, "ecdh-sha2-nistp256");
  assert.ok(rest.includes("curve25519-sha256") && !rest.includes("ecdh-sha2-nistp256"));
});

test("keys of known types come first", () => {
  assert.deepEqual(offer(allowed, ["ssh-rsa"]).serverHostKey, ["rsa-sha2-256", "ssh-ed25519"]);
  const all = offer(undefined, ["ssh-rsa", "ecdsa-sha2-nistp384"]).serverHostKey as string[];
  assert.deepEqual(
    new Set(all.slice(0, 4)),
    new Set(["ecdsa-sha2-nistp384", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]),
  );
  assert.ok(all.includes("ssh-ed25519"));
});

test("nothing in common is an error that says what is supported", () => {
  assert.throws(() => offer({ ...allowed, hmac: ["umac-64@openssh.com"] }, []), /MAC.*hmac-sha2-256/);
});
