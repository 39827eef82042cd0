import assert from "node:assert/strict";
import { test } from "node:test";
import { abortable, pause, settledWithin } from "../../../lib/base/abort.js";

const never = new Promise<never>(() => {});

test("abortable gives what the promise gives", async () => {
  const { signal } = new AbortController();
  assert.equal(await abortable(Promise.resolve(1), signal), 1);
  await assert.rejects(abortable(Promise.reject(new Error("no")), signal), /no/);
});

test("abortable and pause end with the abort's reason", async () => {
  const stop = new AbortController();
  const waiting = [abortable(never, stop.signal), pause(1e9, stop.signal)];
  stop.abort(new Error("enough"));
  for (const one of waiting) await assert.rejects(one, /enough/);
  await assert.rejects(abortable(Promise.resolve(1), stop.signal), /enough/);
});

test("a promise that nobody waits for any more may fail: that ends no program", async () => {
  const failing = new Promise<never>((_, reject) => setImmediate(reject, new Error("too late")));
  await assert.rejects(abortable(failing, AbortSignal.abort(new Error("enough"))), /enough/);
  await pause(5); // where it would be an unhandled rejection
});

test("settledWithin ends with the promise, however that ends, or with the time", async () => {
  await settledWithin(1e9, Promise.resolve());
  await settledWithin(1e9, Promise.reject(new Error("no")));
  await settledWithin(1, never);
});
