import assert from "node:assert/strict";
import { test } from "node:test";
import { selectHosts } from "../../../lib/hosts/inventory.js";
import { narrow } from "../../../lib/hosts/narrow.js";

const hosts = selectHosts(
  [{ word: "web" }, { word: "db" }],
  { web: ["web[1-3].x"], db: { hosts: ["db1", "web2.x"] } },
  {},
);
const names = (limit: string[], exclude: string[] = []) =>
  narrow(hosts, limit, exclude).map(({ host }) => host);

test("hosts keep their order, whatever that of the patterns", () => {
  assert.deepEqual(names(["db1", "web3.x", "web1.x"]), ["web1.x", "web3.x", "db1"]);
  assert.deepEqual(names([]), ["web1.x", "web2.x", "web3.x", "db1"]);
});

test("roles, patterns and ranges, with commas between", () => {
  assert.deepEqual(names(["db"]), ["web2.x", "db1"]);
  assert.deepEqual(names(["web[2-3,9].x,d?1"]), ["web2.x", "web3.x", "db1"]);
  assert.deepEqual(names(["*"], ["web?.x"]), ["db1"]);
});

test("a dot is a dot, and a part of a name is none", () => {
  for (const pattern of ["web1", "web1yx", "eb1.x", "web1.x.y", "[web]1.x"])
    assert.throws(() => names([pattern]), { name: "UsageError" }, pattern);
});

test("a pattern that names nothing is told, also one to leave out", () => {
  assert.throws(
    () => names(["wbe1.x"]),
    /^UsageError: --limit wbe1\.x is not .* the 4 hosts; did you mean web1\.x\?$/,
  );
  assert.throws(() => names([], ["web4.x"]), /--exclude web4\.x is not/);
});

test("an address in brackets is named with and without its port", () => {
  const two = selectHosts([{ word: "me@[::1]:2222" }, { word: "[fe80::2]" }], {}, {});
  for (const name of ["::1", "[::1]", "me@[::1]", "[::1]:2222", "me@[::1]:2222"])
    assert.deepEqual(
      narrow(two, [name], []).map(({ host }) => host),
      ["::1"],
      name,
    );
});

test("where there is no host, no name is mistyped", () => {
  assert.deepEqual(narrow([], ["web1"], ["web2"]), []);
});
