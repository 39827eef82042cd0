import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Htpasswd, parseHtpasswd } from "../../../../lib/index/server/htpasswd.js";
import { scratch } from "../../../lab/program.js";

// Made by crypt(3), not by the package that checks them.
const secret = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

test("lines", () => {
  const text = `# people\n\nann:${secret}\r\n  bob:${secret.replace("2y", "2b")}`;
  assert.deepEqual([...parseHtpasswd(text, "f").keys()], ["ann", "bob"]);
  for (const [line, why] of [
    ["ann", /^f, line 2: it is not of the form USER:HASH/],
    [`:${secret}`, /line 2: it is not of the form/],
    [`bob:${secret}`, /line 2: the user bob is there already/],
    ["ann:$apr1$x$y", /line 2: the password of ann is hashed by MD5 \(apr1\); only bcrypt.*htpasswd -B/],
    ["ann:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", /SHA-1 without salt/],
    ["ann:rqXexS6ZhobKA", /DES/],
    ["ann:$6$x$y", /SHA-512/],
    [`ann:${secret.slice(0, -1)}`, /no hash that is known/],
    ["ann:secret", /no hash that is known/],
  ] as const)
    assert.throws(() => parseHtpasswd(`bob:${secret}\n${line}\n`, "f"), { name: "UsageError", message: why });
});

test("passwords", async (t) => {
  const path = join(scratch(t), "users");
  writeFileSync(path, `ann:${secret}\n`);
  const users = await Htpasswd.open(path, assert.fail);
  for (let round = 0; round < 2; round++) {
    assert.equal(await users.check(basic("ann:secret")), "right");
    for (const header of [
      undefined,
      "",
      basic("ann:other"),
      basic("ann:"),
      basic("ann"),
      basic("bob:secret"),
      basic(":secret"),
      basic("ann:secret").replace("Basic", "Bearer"),
      `${basic("ann:secret")} x`,
      "Basic ???",
    ])
      assert.equal(await users.check(header), "wrong", header);
  }
  assert.equal(await users.check(basic("ann:secret").replace("Basic ", "basic  ")), "right");
});

test("the file is read again when it changes; one that cannot be used changes nothing", async (t) => {
  const path = join(scratch(t), "users");
  const warnings: string[] = [];
  await assert.rejects(Htpasswd.open(path, assert.fail), {
    name: "UsageError",
    message: /cannot read .*users/,
  });
  writeFileSync(path, "ann:plain\n");
  await assert.rejects(Htpasswd.open(path, assert.fail), /line 1/);
  writeFileSync(path, "");
  const users = await Htpasswd.open(path, (line) => warnings.push(line));
  assert.equal(await users.check(basic("ann:secret")), "wrong");
  writeFileSync(path, `ann:${secret}\n`);
  assert.equal(await users.check(basic("ann:secret")), "right");
  writeFileSync(path, `ann:${secret}\nbob:plain\n`);
  for (let round = 0; round < 3; round++) assert.equal(await users.check(basic("ann:secret")), "right");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /line 2.*; the passwords of before stay valid/);
  writeFileSync(path, `bob:${secret}\n`);
  assert.equal(await users.check(basic("ann:secret")), "wrong");
  assert.equal(await users.check(basic("bob:secret")), "right");
  rmSync(path);
  assert.equal(await users.check(basic("bob:secret")), "right");
  assert.match(warnings[1] ?? "", /no such file/i);
});

test("who asks too often has to wait", async (t) => {
  const path = join(scratch(t), "users");
  writeFileSync(path, `ann:${secret}\n`);
  const users = await Htpasswd.open(path, assert.fail);
  const all = await Promise.all(Array.from({ length: 60 }, (_, count) => users.check(basic(`ann:${count}`))));
  assert.ok(all.includes("busy"));
  assert.ok(!all.includes("right"));
  assert.equal(await users.check(basic("ann:secret")), "right");
});
