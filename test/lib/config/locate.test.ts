import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "../../../lib/config/locate.js";

const toml = `# a comment
project = "x"
git.branch = "master"

[deploy]  # where to
prefix = "/a" # = b
"a key" = 1

[roles]
dev = ["web1"]
prod = { hosts = ["web2"], user = "u" }

[roles."two words"]
hosts = [
  "web3",
]

[[deploy.conf]]
from = "a"
[[deploy.conf]]
from = "b"
to = "c"
`;

for (const [path, line] of [
  ["project", 2],
  ["git branch", 3],
  ["git", 3],
  ["deploy", 5],
  ["deploy prefix", 6],
  ["roles dev", 10],
  ["roles prod user", 11],
  ["deploy conf 0 from", 19],
  ["deploy conf 1 from", 21],
  ["deploy conf 1 to", 22],
] as const)
  test(`${path} stands on line ${line}`, () => assert.equal(lineOf(toml, path.split(" ")), line));

test("keys in quotes", () => {
  assert.equal(lineOf(toml, ["deploy", "a key"]), 7);
  assert.equal(lineOf(toml, ["roles", "two words", "hosts"]), 14);
});

test("of a place inside a value, the line of its key; of what is missing, the line of its table", () => {
  assert.equal(lineOf(toml, ["roles", "dev", "0"]), 10);
  assert.equal(lineOf(toml, ["roles", "two words", "hosts", "0"]), 14);
  assert.equal(lineOf(toml, ["roles", "two words", "user"]), 13);
  assert.equal(lineOf(toml, ["deploy", "conf", "0", "to"]), 18);
});

test("of what is nowhere, the first line", () => {
  assert.equal(lineOf(toml, ["nginx", "role"]), 1);
  assert.equal(lineOf(toml, []), 1);
  assert.equal(lineOf("", ["project"]), 1);
});

test("lines that end with CRLF", () => {
  assert.equal(lineOf(toml.replaceAll("\n", "\r\n"), ["deploy", "prefix"]), 6);
});
