import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Typed } from "../../../lib/index/login.js";
import { openDestination, targetOf } from "../../../lib/index/target.js";
import { scratch } from "../../lab/program.js";

test("both URLs follow from either", () => {
  const cases: [given: string, simple: string, upload: string][] = [
    ["http://a.example/simple/", "http://a.example/simple/", "http://a.example/"],
    ["http://a.example/simple", "http://a.example/simple/", "http://a.example/"],
    ["http://a.example", "http://a.example/simple/", "http://a.example/"],
    ["http://a.example:81/legacy/", "http://a.example:81/simple/", "http://a.example:81/legacy/"],
    [
      "http://a.example/root/dev/+simple/",
      "http://a.example/root/dev/+simple/",
      "http://a.example/root/dev/",
    ],
    [
      "http://a.example/repository/py/",
      "http://a.example/repository/py/simple/",
      "http://a.example/repository/py/",
    ],
    ["http://joe:secret@a.example/simple/#x", "http://a.example/simple/", "http://a.example/"],
  ];
  for (const [given, simple, upload] of cases) assert.deepEqual(targetOf(given), { simple, upload }, given);
  for (const bad of ["", "internal", "file:///srv/simple/"])
    assert.throws(() => targetOf(bad), { code: "bad-index" }, bad);
});

test("credentials go with the origin that they are for", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "netrc"), "machine up.example login u password p");
  const { HOME } = process.env;
  t.after(() => {
    process.env.HOME = HOME;
    delete process.env.NETRC;
  });
  process.env.HOME = directory;
  process.env.NETRC = join(directory, "netrc");
  const way = { proxy: "http://proxy.example:3128", ca: "/etc/ca.pem" };
  const typed = new Typed(async () => undefined);
  const one = await openDestination({ url: "http://a:b@x.example/simple/" }, undefined, typed);
  assert.deepEqual([one.simple, one.upload], ["http://x.example/simple/", "http://x.example/"]);
  assert.deepEqual(one.way, { proxy: undefined, ca: undefined });
  for (const login of [one.forUpload, one.forLookUp])
    assert.deepEqual(login.credentials, { user: "a", password: "b" });
  const two = await openDestination(
    { url: "http://up.example/legacy/", ...way },
    { url: "http://look.example/pypi/simple/" },
    typed,
  );
  assert.deepEqual(
    [two.simple, two.upload],
    ["http://look.example/pypi/simple/", "http://up.example/legacy/"],
  );
  assert.deepEqual(two.way, way);
  assert.deepEqual(two.forUpload.credentials, { user: "u", password: "p" });
  assert.equal(two.forLookUp.credentials, undefined);
  const named = { name: "x", url: "http://up.example/", user: "me", password: "mine", ca: undefined };
  const three = await openDestination({ url: named.url }, undefined, typed, named);
  assert.deepEqual(three.forUpload.credentials, { user: "me", password: "mine" });
});
