import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutValues } from "../../../lib/base/setenv.js";

test("no value stands in a trace", () => {
  assert.deepEqual(
    withoutValues(["--setenv", "A=b=c", "--setenv=D=e\nf", "--setenv", "G", "-v", "--", "--setenv", "H=i"]),
    ["--setenv", "A=***", "--setenv=D=***", "--setenv", "G", "-v", "--", "--setenv", "H=i"],
  );
});
