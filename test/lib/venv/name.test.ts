import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { checkDirectory, checkPrefix, checkVenv, checkVenvName } from "../../../lib/venv/name.js";

test("names of virtualenvs", () => {
  for (const name of ["a", "beta", "1", "a-b_c.d", "_x"]) assert.equal(checkVenvName(name), name);
});

for (const name of ["", ".", "..", ".a", "-a", "a/b", "a b", "$(touch /tmp/owned)", "a\n", "a;b", "ä", "~"])
  test(`${JSON.stringify(name)} names no virtualenv`, () =>
    assert.throws(
      () => checkVenvName(name),
      (error) => error instanceof UsageError && error.message.startsWith(JSON.stringify(name)),
    ));

test("prefixes", () => {
  for (const prefix of ["/", "/srv", "/srv/a b/c'd", "~", "~/", "~/essay_demo", "/srv/..a/b.."])
    assert.equal(checkPrefix(prefix), prefix);
});

for (const prefix of [
  "",
  "srv",
  "./srv",
  "../srv",
  "/srv/../etc",
  "~/..",
  "~other/x",
  "$HOME/x",
  "/srv\n/x",
  "/a$b",
  "/a`b",
  '/a"b',
  "/a\\b",
  "-x",
])
  test(`${JSON.stringify(prefix)} is no prefix`, () => assert.throws(() => checkPrefix(prefix), UsageError));

test("directories of a virtualenv", () => {
  for (const directory of ["logs", "etc/conf.d", ".cache", "a b", "a..b"])
    assert.equal(checkDirectory(directory), directory);
  // es-venv --recreate keeps them by their first word.
  assert.equal(checkDirectory("./logs//old/"), "logs/old");
  for (const directory of ["", ".", "/etc", "../b", "a/../../b", "~", "~/x", "-p", "a\nb"])
    assert.throws(() => checkDirectory(directory), UsageError, directory);
});

test("a virtualenv by its name in the prefix, or by its path", () => {
  assert.deepEqual(checkVenv("a", "/srv"), { name: "a", prefix: undefined });
  assert.deepEqual(checkVenv("/srv/x y/a//", undefined), { name: "a", prefix: "/srv/x y" });
  assert.deepEqual(checkVenv("~/a", undefined), { name: "a", prefix: "~" });
  assert.deepEqual(checkVenv("/a", undefined), { name: "a", prefix: "/" });
  for (const operand of ["x/a", "../a", "/srv/../a", "/", "~", "/srv/.hidden", "/srv/$x/a"])
    assert.throws(() => checkVenv(operand, undefined), UsageError, operand);
  assert.throws(() => checkVenv("/srv/a", "/srv"), /does not go with --prefix/);
  assert.throws(() => checkVenv("a", "srv"), /must begin with/);
});
