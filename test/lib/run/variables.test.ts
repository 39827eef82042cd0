import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { readVariable, withoutSecrets } from "../../../lib/run/variables.js";

test("NAME=VALUE, or NAME with its value here, which is a secret", () => {
  assert.deepEqual(readVariable("A=b=c\nd", {}), { name: "A", value: "b=c\nd", secret: false });
  assert.deepEqual(readVariable("A=", { A: "x" }), { name: "A", value: "", secret: false });
  assert.deepEqual(readVariable("A", { A: "x" }), { name: "A", value: "x", secret: true });
});

for (const text of ["=x", "1a=x", "a-b=x", "a b=x", "essay_plan=1", "Ü=x", "NOT_SET", "toString"])
  test(`--setenv ${text} is refused`, () => {
    assert.throws(() => readVariable(text, {}), UsageError);
  });

test("a secret is hidden wherever it stands, also one that has another in it", () => {
  assert.equal(withoutSecrets("a abc b abcd ab", ["ab", "", "abcd"]), "a ***c b *** ***");
  assert.equal(withoutSecrets("$& [x]", ["[x]"]), "$& ***");
  assert.equal(withoutSecrets("key one\ntwo!", ["one\n\ntwo\n"]), "key ***\n***!");
});
