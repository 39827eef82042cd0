import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "../../../lib/stream/turns.js";

/** Work that is ended from outside, and how much of it is under way. */
function gates() {
  const open: (() => void)[] = [];
  const seen = { running: 0, most: 0 };
  const work = async () => {
    seen.running++;
    seen.most = Math.max(seen.most, seen.running);
    await new Promise<void>((resolve) => open.push(resolve));
    seen.running--;
  };
  return { open, seen, work };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("tasks of one key run one after the other, others beside them", async () => {
  const turns = new Turns();
  const { open, seen, work } = gates();
  const order: string[] = [];
  const task = (key: string, name: string) =>
    turns.take(key, async () => {
      order.push(name);
      await work();
      return name;
    });
  const all = [task("a", "a1"), task("a", "a2"), task("b", "b1"), task("a", "a3")];
  await settle();
  assert.deepEqual(order, ["a1", "b1"]);
  while (order.length < 4 || open.length > 0) {
    open.shift()?.();
    await settle();
  }
  assert.deepEqual(await Promise.all(all), ["a1", "a2", "b1", "a3"]);
  assert.deepEqual(order, ["a1", "b1", "a2", "a3"]);
  assert.equal(seen.most, 2);
});

test("a task that fails does not hold up the next of its key", async () => {
  const turns = new Turns();
  const failed = turns.take("a", async () => {
    throw new Error("no");
  });
  const next = turns.take("a", async () => "yes");
  await assert.rejects(failed, /no/);
  assert.equal(await next, "yes");
});
