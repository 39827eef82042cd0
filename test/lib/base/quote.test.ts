import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../../lib/base/failure.js";
import { quoteWord, showCommand } from "../../../lib/base/quote.js";

const words = fc.array(
  fc
    .oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(..."'\"\\$`!*?[]{}()<>|&;#~ \t\n\r-=%a") }),
    )
    .filter((word) => !word.includes("\0") && word.isWellFormed()),
);

for (const shell of [["dash"], ["busybox", "sh"], ["bash"]])
  test(`any words survive ${shell.join(" ")}`, () => {
    const [name = "", ...args] = shell;
    fc.assert(
      fc.property(words, (list) => {
        const script = `printf '%s\\0' ${list.map(quoteWord).join(" ")}`;
        const { stdout } = spawnSync(name, [...args, "-c", script], { encoding: "utf8" });
        // printf without arguments prints its format once.
        assert.equal(stdout, list.length === 0 ? "\0" : list.map((word) => `${word}\0`).join(""));
      }),
      { numRuns: 60 },
    );
  });

test("what cannot be an argument is refused", () => {
  for (const word of ["a\0b", "\ud800", "a\udc00"])
    assert.throws(
      () => quoteWord(word),
      (error) => error instanceof Failure && error.code === "bad-argument",
    );
});

test("shown commands are quoted only where a person would", () => {
  assert.equal(
    showCommand(["es-pip", "demo==1.0", "--set", "a b", "it's", "", "web{1,2}"]),
    "es-pip demo==1.0 --set 'a b' 'it'\\''s' '' 'web{1,2}'",
  );
});
