import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate } from "../../../lib/base/gate.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a gate lets so many in, and the next ones in their order", async () => {
  const { signal } = new AbortController();
  const gate = new Gate(2);
  const order: number[] = [];
  const enter = async (number: number) => {
    const place = await gate.enter(signal);
    order.push(number);
    return place;
  };
  const places = [1, 2, 3, 4].map(enter);
  await turn();
  assert.deepEqual(order, [1, 2]);
  const first = await places[0];
  first?.leave();
  first?.leave();
  await turn();
  assert.deepEqual(order, [1, 2, 3]);
});

test("who is aborted while waiting takes no place", async () => {
  const { signal } = new AbortController();
  const gate = new Gate(1);
  const stop = new AbortController();
  const held = await gate.enter(signal);
  const aborted = gate.enter(stop.signal);
  const patient = gate.enter(signal);
  stop.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
  held.leave();
  (await patient).leave();
  await gate.enter(signal);
});

test("an abort that comes together with the turn gives the turn on", async () => {
  const { signal } = new AbortController();
  const gate = new Gate(1);
  const stop = new AbortController();
  const held = await gate.enter(signal);
  const aborted = gate.enter(stop.signal);
  const patient = gate.enter(signal);
  stop.abort(new Error("enough"));
  held.leave();
  await assert.rejects(aborted, /enough/);
  await patient;
});

test("a place that is forfeited is gone", async () => {
  const gate = new Gate(2);
  const { signal } = new AbortController();
  (await gate.enter(signal)).forfeit();
  const held = await gate.enter(signal);
  let entered = false;
  const next = gate.enter(signal).then(() => {
    entered = true;
  });
  await turn();
  assert.ok(!entered);
  held.leave();
  await next;
});

test("without a signal one waits for ever", async () => {
  const gate = new Gate(1);
  const held = await gate.enter();
  const next = gate.enter();
  held.leave();
  (await next).leave();
});

test("a place that is free may be had at once", async () => {
  const gate = new Gate(1);
  const held = gate.tryEnter();
  assert.ok(held);
  assert.equal(gate.tryEnter(), undefined);
  const next = gate.enter();
  held.leave();
  assert.equal(gate.tryEnter(), undefined, "it is the turn of another");
  (await next).leave();
  assert.ok(gate.tryEnter());
});
