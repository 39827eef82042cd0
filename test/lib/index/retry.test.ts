import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { Busy, mayPass, pauseAfter, persist, readRetryAfter } from "../../../lib/index/retry.js";

test("what may pass and what will not", () => {
  for (const code of ["reset", "http-429", "http-500", "http-502", "http-503", "http-504", "http-522"])
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

test("a server says when to come back: in seconds, or by a date", () => {
  assert.equal(readRetryAfter("120"), 120_000);
  assert.equal(readRetryAfter(" 0 "), 0);
  const present = Date.UTC(2026, 10, 21, 8);
  assert.equal(readRetryAfter("Sat, 21 Nov 2026 08:00:07 GMT", present), 7000);
  assert.equal(readRetryAfter("Sat, 21 Nov 2026 07:00:00 GMT", present), 0);
  for (const text of [undefined, "", "soon", "-3"]) assert.equal(readRetryAfter(text, present), undefined);
});

test("it is heeded for a minute, and never shortens a pause", async () => {
  const busy = (after: number | undefined) => new Busy("http-503", "busy", after);
  assert.equal(pauseAfter(busy(5000), 300), 5000);
  assert.equal(pauseAfter(busy(0), 300), 300);
  assert.equal(pauseAfter(busy(undefined), 300), 300);
  assert.equal(pauseAfter(new Failure("reset", "cut"), 300), 300);
  assert.ok(mayPass(busy(60_000)));
  assert.ok(!mayPass(busy(61_000)));
  let times = 0;
  const attempt = () => {
    times++;
    return Promise.reject(busy(3_600_000));
  };
  await assert.rejects(persist(attempt, [1, 1]), { code: "http-503" });
  assert.equal(times, 1);
});
