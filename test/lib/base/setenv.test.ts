import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutValues } from "../../../lib/base/setenv.js";

test("no value of the flag is shown, whoever's argument it is", () => {
  assert.deepEqual(
    withoutValues([
      "--setenv",
      "A=b=c",
      "--setenv=D=e\nf",
      "--setenv",
      "G",
      "-v",
      "--",
      "es-run",
      "--setenv",
      "H=i",
    ]),
    ["--setenv", "A=***", "--setenv=D=***", "--setenv", "G", "-v", "--", "es-run", "--setenv", "H=***"],
  );
});

for (const [text, shown] of [
  ["es-venv a | es-run --setenv A=b -- x=y", "es-venv a | es-run --setenv A=*** -- x=y"],
  ["es-run --setenv=A=b; echo done", "es-run --setenv=A=***; echo done"],
  ["es-run --setenv A='b c'd -- e", "es-run --setenv A=*** -- e"],
  [`es-run --setenv 'A=b c' --setenv "D=\\"e f" g`, `es-run --setenv 'A=***' --setenv "D=***" g`],
  ["es-run --setenv A --setenv B", "es-run --setenv A --setenv B"],
  ["es-run --setenv A=b\\ c d", "es-run --setenv A=*** d"],
] as const)
  test(`in the text of a shell: ${text}`, () => {
    assert.deepEqual(withoutValues(["sh", "-c", text]), ["sh", "-c", shown]);
  });
