import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinAliases } from "../../../lib/alias/builtin.js";
import { usageOf } from "../../../lib/alias/usage.js";

test("flags stand first, then operands by their numbers, then the rest", () => {
  assert.equal(
    usageOf("a {2:TO} {@} {1:FROM} --x={--index?} {--dry-run!} | b {-R:ROLE} {config.k} {idle}"),
    "[--index INDEX] [--dry-run] -R ROLE FROM TO [ARG...]",
  );
});

test("what has a value otherwise, or belongs to a stage that is there on a flag, can be left out", () => {
  assert.equal(
    usageOf(
      "{unless --to} x | {if --retry} a {--retry:FILE} {--to} | {unless --even-bad} b {1:VENV=x} | {if config.k} c {2}",
    ),
    "[--to TO] [--retry FILE] [--even-bad] [VENV] ARG2",
  );
});

test("what one place needs is needed, and named as where it has a name", () => {
  assert.equal(usageOf("a {-R?} {1?} {--x} | b {-R:R} {1:V}"), "-R R --x X V");
});

test("the usual ones", () => {
  assert.equal(usageOf(builtinAliases.validate ?? ""), "-R ROLE VENV [ARG...]");
  assert.match(
    usageOf(builtinAliases.deploy ?? ""),
    /^\[--retry FILE\] -R ROLE .* VERSION VENV \[PROFILE\]$/,
  );
  assert.equal(usageOf("true"), "");
});
