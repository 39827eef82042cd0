import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { expandRanges, looksLikeHost, parseAddress } from "../../../lib/hosts/address.js";

for (const [word, address] of [
  ["web1", { host: "web1", transport: "ssh" }],
  ["web1.example.com", { host: "web1.example.com", transport: "ssh" }],
  ["10.0.0.7", { host: "10.0.0.7", transport: "ssh" }],
  ["web1:2222", { host: "web1", transport: "ssh", port: 2222 }],
  ["me@web1", { host: "web1", transport: "ssh", user: "me" }],
  ["me@web1:2222", { host: "web1", transport: "ssh", user: "me", port: 2222 }],
  ["me@example.com@web1", { host: "web1", transport: "ssh", user: "me@example.com" }],
  ["web_1", { host: "web_1", transport: "ssh" }],
  ["::1", { host: "::1", transport: "ssh" }],
  ["2001:db8::1", { host: "2001:db8::1", transport: "ssh" }],
  ["[2001:db8::1]:22", { host: "2001:db8::1", transport: "ssh", port: 22 }],
  ["[::1]", { host: "::1", transport: "ssh" }],
  ["me@[::1]:22", { host: "::1", transport: "ssh", user: "me", port: 22 }],
  ["fe80::1%eth0", { host: "fe80::1%eth0", transport: "ssh" }],
  ["me@local:22", { host: "local", transport: "ssh", user: "me", port: 22 }],
  ["@local", { host: "@local", transport: "local" }],
] as const)
  test(`${word} is a host`, () => assert.deepEqual(parseAddress(word), address));

for (const [word, message] of [
  ["web1:0", /web1:0: a port is a number from 1 to 65535, not "0"/],
  ["web1:70000", /from 1 to 65535, not "70000"/],
  ["web1:", /from 1 to 65535, not ""/],
  ["web1:ssh", /not "ssh"/],
  ["[::1]:0", /not "0"/],
  ["@web1", /no user before @; this machine itself is @local/],
  ["me@local", /^host me@local: this machine itself is @local, without a user; .* is me@local:22$/],
  ["me@", /"" is not the name or address of a host/],
  ["", /is not the name/],
  ["-oProxyCommand=x", /is not the name or address/],
  ["me@-web1", /is not the name or address/],
  ["-me@web1", /"-me" is not the name of a user/],
  ["a b@web1", /is not the name of a user/],
  ["web 1", /is not the name or address/],
  ["web1\r", /is not the name or address/],
  ["$(touch x)", /is not the name or address/],
  ["web1;x", /is not the name or address/],
  ["[web1]:22:1", /from 1 to 65535, not "22:1"/],
] as const)
  test(`${JSON.stringify(word)} is no host`, () =>
    assert.throws(
      () => parseAddress(word),
      (error) => error instanceof UsageError && message.test(error.message),
    ));

test("a host has a dot, colon, @ or bracket; a bare word is a role", () => {
  for (const word of ["a.b", "a:1", "me@a", "@local", "web[1-3]", "web[1-2", "web]", "::1", "[::1]"])
    assert.ok(looksLikeHost(word), word);
  for (const word of ["dev", "web1", "web-1"]) assert.ok(!looksLikeHost(word), word);
});

test("ranges, with leading zeros as written", () => {
  assert.deepEqual(expandRanges("web1"), ["web1"]);
  assert.deepEqual(expandRanges("web[1-3].x"), ["web1.x", "web2.x", "web3.x"]);
  assert.deepEqual(expandRanges("web[08-11]"), ["web08", "web09", "web10", "web11"]);
  assert.deepEqual(expandRanges("web[9-10]"), ["web9", "web10"]);
  assert.deepEqual(expandRanges("[1-1]"), ["1"]);
  assert.deepEqual(expandRanges("me@10.0.[0-1].[1-2]:22"), [
    "me@10.0.0.1:22",
    "me@10.0.0.2:22",
    "me@10.0.1.1:22",
    "me@10.0.1.2:22",
  ]);
});

test("ranges with steps, and lists", () => {
  assert.deepEqual(expandRanges("web[10-50/20]"), ["web10", "web30", "web50"]);
  assert.deepEqual(expandRanges("web[01-04/2].x"), ["web01.x", "web03.x"]);
  assert.deepEqual(expandRanges("web[1-2,7,09-10]"), ["web1", "web2", "web7", "web09", "web10"]);
  assert.deepEqual(expandRanges("web[3]"), ["web3"]);
});

test("IPv6 addresses in brackets are no ranges", () => {
  for (const word of ["[::1]", "[2001:db8::1]:22", "me@[fe80::1%eth0]:22"])
    assert.deepEqual(expandRanges(word), [word]);
});

for (const [word, message] of [
  ["web[3-1]", /the range \[3-1\] ends before it begins/],
  ["web[a-b]", /a range is written \[1-20\] or \[01-20\]/],
  ["web[1-]", /a range is written/],
  ["web[1-2", /a range is written/],
  ["web1]", /a range is written/],
  ["web[]", /a range is written/],
  ["web[1,,3]", /a range is written/],
  ["web[1,3-2]", /the range \[3-2\] ends before it begins/],
  ["web[1-9/0]", /the range \[1-9\/0\] has no step of 0/],
  ["web[1/2]", /a range is written/],
  ["web[-3]", /a range is written/],
  ["web[1-2][", /a range is written/],
  ["web[1-200000]", /more than 100000 hosts/],
  ["web[1-999999999999]", /more than 100000 hosts/],
  ["web[1-1000][1-1000]", /\[1-1000\] and what follows it are more than 100000 hosts/],
] as const)
  test(`${word} is a bad range`, () =>
    assert.throws(
      () => expandRanges(word),
      (error) => error instanceof UsageError && message.test(error.message),
    ));
