import assert from "node:assert/strict";
import { test } from "node:test";
import type { VenvStatus } from "../../../lib/base/schema.js";
import { refuseSame, refuseUnready } from "../../../lib/status/ready.js";

const ready: VenvStatus = {
  ...{ name: "b", path: "/srv/b", state: "sound", marks: [], python: "3.11.2", version: "1.0" },
  ...{ generation: 2, started: 2, supervisor: "running", cpu: null, memory: null, strays: [] },
  processes: [{ name: "demo:demo_0", state: "RUNNING", pid: 7, port: 8810 }],
};

test("a virtualenv that could be served", () => {
  refuseUnready(ready, []);
  const worker = { name: "live:worker", state: "STOPPED", pid: null, port: null };
  refuseUnready({ ...ready, processes: [...ready.processes, worker] }, []);
});

test("each reason why one should not be", () => {
  const cases: [wrong: Partial<VenvStatus>, code: string, message: string][] = [
    [{ state: "marked", marks: ["es-pip"] }, "half-done", "b is half-done: es-pip was cut short"],
    [{ state: "broken" }, "not-ready", "the python of b does not run"],
    [{ version: null }, "not-ready", "the project is not installed in b"],
    [{ bad: "marked bad by ann" }, "bad-version", "1.0 in b is marked bad by ann"],
    [{ supervisor: "down" }, "not-running", "no supervisord answers in b"],
    [{ supervisor: "silent" }, "not-running", "no supervisord answers in b"],
    [{ started: null }, "not-ready", "the start of the processes of b was not completed"],
    [{ started: 1 }, "not-ready", "b has changed since its processes were started"],
    [{ processes: [] }, "not-ready", "nothing runs in b"],
  ];
  for (const [wrong, code, message] of cases)
    assert.throws(() => refuseUnready({ ...ready, ...wrong }, []), { code, message });
  assert.throws(() => refuseUnready(ready, ["demo:demo_1 STOPPED", "demo:demo_2 FATAL"]), {
    code: "not-ready",
    message: "b: demo:demo_1 is STOPPED, demo:demo_2 is FATAL",
  });
});

test("the same version twice is nothing to go back to", () => {
  refuseSame("demo", ready, { ...ready, name: "a", version: "1.1" });
  refuseSame("demo", ready, { ...ready, name: "a", version: null });
  refuseSame("demo", ready, undefined);
  assert.throws(() => refuseSame("demo", ready, { ...ready, name: "a" }), {
    code: "same-version",
    message: "b and a both have demo 1.0",
  });
});
