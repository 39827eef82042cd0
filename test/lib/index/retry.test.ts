import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { mayPass, persist } from "../../../lib/index/retry.js";

test("what may pass and what will not", () => {
  for (const code of ["reset", "http-429", "http-500", "http-502", "http-503", "http-504"])
    assert.ok(mayPass(new Failure(code, "")), code);
  for (const code of ["refused", "http-400", "http-403", "http-507", "http-5033", "auth-failed"])
    assert.ok(!mayPass(new Failure(code, "")), code);
  assert.ok(!mayPass(new Error("reset")));
});

test("an attempt is repeated once for each pause", async () => {
  let times = 0;
  const busy = () => {
    times++;
    return Promise.reject(new Failure("http-503", "busy"));
  };
  await assert.rejects(persist(busy, [1, 1, 1]), { code: "http-503" });
  assert.equal(times, 4);
  const later = () => (++times < 7 ? busy() : Promise.resolve("done"));
  assert.equal(await persist(later, [1, 1, 1]), "done");
  times = 0;
  const wrong = () => {
    times++;
    return Promise.reject(new Failure("http-403", "no"));
  };
  await assert.rejects(persist(wrong, [1, 1, 1]), { code: "http-403" });
  assert.equal(times, 1);
});
