import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { checkDestination, checkMode, checkOwner, splitOperand } from "../../../lib/conf/destination.js";

test("SRC:DST is split at its first colon", () => {
  assert.deepEqual(splitOperand("a/b:/c:d"), { from: "a/b", to: "/c:d" });
  for (const text of ["", "a", ":a", "a:", ":"]) assert.throws(() => splitOperand(text), UsageError, text);
});

for (const path of ["/etc/x", "~/x", "etc/x", "x", "a b/ü'$(x)", "a..b/..c", "/~/x"])
  test(`${path} can be the place of a file`, () => {
    assert.equal(checkDestination(path), path);
  });

test("one place has one path", () => {
  const same = ["etc/x", "./etc/x", "etc//x", "etc/./x", ".//etc/x"];
  assert.deepEqual(new Set(same.map(checkDestination)), new Set(["etc/x"]));
  assert.deepEqual(["//etc/./x", "~//x"].map(checkDestination), ["/etc/x", "~/x"]);
});

for (const path of [
  "",
  "./~/x",
  "/",
  "~",
  "~/",
  "etc/",
  "~root/x",
  "../x",
  "a/../b",
  "/a/..",
  "a\nb",
  "a\0",
  "-x",
  ".",
  "a/.",
])
  test(`${JSON.stringify(path)} cannot`, () => {
    assert.throws(() => checkDestination(path), UsageError);
  });

test("modes and owners", () => {
  assert.equal(checkMode("640"), "0640");
  assert.equal(checkMode("0600"), "0600");
  for (const mode of ["", "64", "888", "4755", "0o644", "u+x", "00640"])
    assert.throws(() => checkMode(mode), UsageError, mode);
  for (const owner of ["www-data", "root:adm", "1000:1000", "host$"]) assert.equal(checkOwner(owner), owner);
  for (const owner of ["", ":adm", "root:", "a b", "-x", "a:b:c"])
    assert.throws(() => checkOwner(owner), UsageError, owner);
});
