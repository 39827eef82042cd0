import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { Passing, withSecondTries } from "../../../lib/transport/second-tries.js";

const { signal } = new AbortController();

test("passing trouble is tried again, and what comes then counts", async () => {
  const told: number[] = [];
  const attempt = async (failed: number) => {
    told.push(failed);
    if (failed < 1) throw new Passing("unreachable", "dropped");
    return "in";
  };
  assert.equal(await withSecondTries(attempt, signal), "in");
  assert.deepEqual(told, [0, 1]);
});

test("other trouble is not", async () => {
  let times = 0;
  const attempt = async () => {
    times++;
    throw new Failure("auth-failed", "no");
  };
  await assert.rejects(withSecondTries(attempt, signal), { code: "auth-failed" });
  assert.equal(times, 1);
});

test("an abort ends the pause", async () => {
  const cancel = new AbortController();
  const attempt = async () => {
    cancel.abort(new Error("enough"));
    throw new Passing("unreachable", "dropped");
  };
  await assert.rejects(withSecondTries(attempt, cancel.signal), /enough/);
});
