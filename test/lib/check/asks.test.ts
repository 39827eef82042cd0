import assert from "node:assert/strict";
import { test } from "node:test";
import { asksOf } from "../../../lib/check/asks.js";

const process = (state: string, port: number | null, pid: number | null = 7) => ({
  name: "demo",
  state,
  pid,
  port,
});

test("ports are asked, processes without one are watched, stopped ones are left alone", () => {
  const processes = [process("RUNNING", 8800), process("STOPPED", 8801, null), process("RUNNING", null, 9)];
  assert.deepEqual(asksOf(processes), [
    { name: "demo", port: 8800 },
    { name: "demo", pid: 9 },
  ]);
  assert.deepEqual(asksOf([process("BACKOFF", 8800, null)]), [{ name: "demo", port: 8800 }]);
});

test("what does not run is not asked, and nothing to ask is a failure", () => {
  for (const bad of [process("FATAL", 8800), process("STARTING", null)])
    assert.throws(() => asksOf([bad]), { code: "check-failed", message: `demo is ${bad.state}` });
  for (const none of [[], [process("STOPPED", 8800)]])
    assert.throws(() => asksOf(none), { code: "no-processes" });
});
