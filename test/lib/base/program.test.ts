import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf, isInPath, isOurs, ourPrograms } from "../../../lib/base/program.js";

test("our executables are known, others are looked for in PATH", () => {
  assert.ok(isOurs("es-venv"));
  assert.ok(isOurs("es"));
  for (const name of ["es-nosuch", "sh", "es-../bins/es-venv", "run"]) assert.ok(!isOurs(name), name);
  assert.ok(ourPrograms().includes("es-venv"));
  assert.ok(isInPath("sh"));
  assert.ok(!isInPath("es-nosuch"));
});

test("our executables are started by the interpreter that runs us, others as they are", () => {
  const [file, first] = commandOf("es-venv");
  assert.equal(file, process.execPath);
  assert.match(first.join(), /\/bins\/es-venv\.c?js$/);
  assert.deepEqual(commandOf("sh"), ["sh", []]);
});
