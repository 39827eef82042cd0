import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinAliases } from "../../../lib/alias/builtin.js";
import { knownAliases, nameIn } from "../../../lib/alias/known.js";

test("an alias of the configuration goes before a built-in one", () => {
  const aliases = knownAliases({ switch: "echo", mine: "true" });
  assert.deepEqual([aliases.switch, aliases.mine, aliases.deploy], ["echo", "true", builtinAliases.deploy]);
  assert.deepEqual(knownAliases(), builtinAliases);
});

test("two words are a name where they are that of an alias", () => {
  assert.deepEqual(nameIn("nginx", ["reload", "x"]), ["nginx reload", ["x"]]);
  assert.deepEqual(nameIn("nginx", ["x"]), ["nginx", ["x"]]);
  assert.deepEqual(nameIn("nginx", []), ["nginx", []]);
});
