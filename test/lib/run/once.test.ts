import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Once } from "../../../lib/run/once.js";
import { scratch } from "../../lab/program.js";

const { signal } = new AbortController();
const never = async (): Promise<string | undefined> => assert.fail("it ran again");

test("the first one does it, the others wait and are told how it ended", async () => {
  for (const failed of [undefined, "no space"]) {
    const once = new Once(undefined, ["x"]);
    let finish = (_: string | undefined) => {};
    const work = new Promise<string | undefined>((resolve) => {
      finish = resolve;
    });
    const all = [once.take("a", () => work, signal), once.take("b", never, signal)];
    finish(failed);
    assert.deepEqual(await Promise.all(all), [
      { host: "a", failed },
      { host: "a", failed },
    ]);
    assert.deepEqual(await once.take("c", never, signal), { host: "a", failed });
  }
});

test("where it could not begin, the next one tries", async () => {
  for (const roll of [false, true])
    await test(roll ? "in a roll" : "outside", async (t) => {
      const once = new Once(roll ? scratch(t) : undefined, ["x"]);
      const unreachable = once.take("a", () => Promise.reject(new Error("unreachable")), signal);
      const next = once.take("b", async () => undefined, signal);
      await assert.rejects(unreachable, /unreachable/);
      assert.equal((await next).host, "b");
    });
});

test("who waits is not kept by it when its time is over", async () => {
  const once = new Once(undefined, ["x"]);
  void once.take("a", () => new Promise(() => {}), signal);
  await assert.rejects(once.take("b", never, AbortSignal.abort(new Error("late"))), /late/);
});

test("in a roll, later batches are told; other work is other work", async (t) => {
  const roll = scratch(t);
  await new Once(roll, ["x"]).take("a", async () => undefined, signal);
  assert.deepEqual(await new Once(roll, ["x"]).take("b", never, signal), { host: "a" });
  assert.equal((await new Once(roll, ["y"]).take("b", async () => "bad", signal)).host, "b");
  assert.deepEqual(await new Once(roll, ["y"]).take("c", never, signal), { host: "b", failed: "bad" });
  assert.equal(readdirSync(roll).length, 2);
});

test("in a roll, what another process is at is waited for, and what was cut short is a failure", async (t) => {
  const roll = scratch(t);
  await new Once(roll, ["x"]).take("a", async () => undefined, signal);
  const file = join(roll, readdirSync(roll)[0] ?? "");
  writeFileSync(file, JSON.stringify({ host: "a", pid: process.pid, ended: false }));
  const waiting = new Once(roll, ["x"]).take("b", never, signal);
  writeFileSync(file, JSON.stringify({ host: "a", pid: process.pid, ended: true, failed: "late" }));
  assert.equal((await waiting).failed, "late");
  const { pid } = spawnSync("true");
  writeFileSync(file, JSON.stringify({ host: "a", pid, ended: false }));
  assert.match((await new Once(roll, ["x"]).take("b", never, signal)).failed ?? "", /nobody knows how/);
});

test("in a roll, what is done and cannot be noted is not done again", async (t) => {
  const roll = scratch(t);
  const once = new Once(roll, ["x"]);
  // A folder in its way stands for a full disk.
  const spoil = async () => {
    const [note = ""] = readdirSync(roll);
    mkdirSync(join(roll, `${note}.${process.pid}`));
    return undefined;
  };
  assert.deepEqual(await once.take("a", spoil, signal), { host: "a", failed: undefined });
  assert.equal((await once.take("b", never, signal)).host, "a");
});
