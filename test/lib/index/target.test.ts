import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
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
  assert.deepEqual(await openDestination({ url: "http://a:b@x.example/simple/" }, undefined), {
    simple: "http://x.example/simple/",
    upload: "http://x.example/",
    way: { proxy: undefined, ca: undefined },
    forUpload: { user: "a", password: "b" },
    forLookUp: { user: "a", password: "b" },
  });
  assert.deepEqual(
    await openDestination(
      { url: "http://up.example/legacy/", ...way },
      { url: "http://look.example/pypi/simple/" },
    ),
    {
      simple: "http://look.example/pypi/simple/",
      upload: "http://up.example/legacy/",
      way,
      forUpload: { user: "u", password: "p" },
      forLookUp: undefined,
    },
  );
});
