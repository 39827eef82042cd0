import assert from "node:assert/strict";
import { test } from "node:test";
import { describeProcesses, parseProcesses } from "../../../lib/supervisor/processes.js";

test("reads the lines of the script", () => {
  const processes = parseProcesses(["web:web_0 RUNNING 12 8800", "cron STOPPED - -"]);
  assert.deepEqual(processes, [
    { name: "web:web_0", state: "RUNNING", pid: 12, port: 8800 },
    { name: "cron", state: "STOPPED", pid: null, port: null },
  ]);
  assert.equal(describeProcesses(processes), "1 RUNNING, 1 STOPPED");
  assert.equal(describeProcesses([]), "no process");
});
