import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { globMatches } from "../../../lib/base/glob.js";

test("* stands for any characters, ? for one, and all others for themselves", () => {
  for (const [pattern, name] of [
    ["web1", "web1"],
    ["*", ""],
    ["*", "web1"],
    ["web*", "web"],
    ["*.example.com", "a.b.example.com"],
    ["web?", "web1"],
    ["*b*b", "abbab"],
    ["**?", "a"],
    ["[web1]:*", "[web1]:2222"],
  ] as const)
    assert.ok(globMatches(pattern, name), `${pattern} ${name}`);
  for (const [pattern, name] of [
    ["", "a"],
    ["web", "web1"],
    ["web?", "web"],
    ["*.example.com", "example.com"],
    ["w.b1", "web1"],
    ["*b", "ba"],
    ["[a-z]", "b"],
  ] as const)
    assert.ok(!globMatches(pattern, name), `${pattern} ${name}`);
});

test("it is what a regular expression would say, for short ones", () => {
  const letters = (all: string) => fc.string({ unit: fc.constantFrom(...all), maxLength: 6 });
  fc.assert(
    fc.property(letters("ab*?"), letters("ab"), (pattern, name) => {
      const source = pattern.replaceAll("*", ".*").replaceAll("?", ".");
      assert.equal(globMatches(pattern, name), new RegExp(`^${source}$`).test(name));
    }),
  );
});

test("many stars are no more than a few", () => {
  assert.ok(!globMatches(`${"*a".repeat(100)}b`, "a".repeat(10_000)));
});
