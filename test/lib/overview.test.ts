import assert from "node:assert/strict";
import { test } from "node:test";
import { knownAliases } from "../../lib/alias/known.js";
import { aliasHelp, overview, shortPrograms } from "../../lib/overview.js";

test("programs by their short names, but for es itself", () => {
  assert.ok(shortPrograms().includes("nginx-switch"));
  assert.ok(!shortPrograms().includes("es"));
});

test("all programs, aliases and other pages are listed, in lines that a terminal has room for", () => {
  const text = overview(knownAliases({ pick: "es-hosts dev", bad: "a | b > c", say: "echo \x1b[2J" }));
  assert.match(text, /^programs:\n {2}check +wait until .*\naliases:\n.*\nmore of the manual:\n.*recipes /s);
  assert.match(text, /^ {2}validate +-R ROLE VENV \[ARG\.\.\.\]$/m);
  assert.match(text, /^ {2}create +es-init --git \{@\}$/m);
  assert.match(text, /^ {2}pick +never run: es-pick goes before it$/m);
  assert.match(text, /^ {2}bad +a \| b > c$/m);
  assert.match(text, /^ {2}say +echo \\x1b\[2J$/m);
  assert.match(text, /^ {2}and pip as it is: install uninstall /m);
  assert.doesNotMatch(overview(knownAliases({ list: "ls" })), /pip as it is:[^:]* list/);
  for (const name of shortPrograms()) assert.match(text, new RegExp(`^  ${name} +[a-z]`, "m"));
  assert.doesNotMatch(text, /.{81}/);
});

test("an alias: what it takes, its stages, and whose pages say more", () => {
  assert.equal(
    aliasHelp("both", `es-hosts {1:ROLE} | es-venv a | ./es-own {2:${"X".repeat(80)}?} && es-hosts b`),
    `es both ROLE
        [${"X".repeat(80)}]

is an alias for

    es-hosts {1:ROLE} |
    es-venv a |
    ./es-own
        {2:${"X".repeat(80)}?} &&
    es-hosts b

es --print both ARG... shows what it is with your arguments.
Read on with es help and one of: es hosts venv
`,
  );
});
