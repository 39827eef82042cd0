import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { groupOf, signalGroup } from "../../lib/process-tree.js";
import { identity, until } from "../lab/processes.js";

/** A shell that has begun what the script begins, which says so by "ready", and all that it said. */
async function begun(t: TestContext, script: string) {
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.includes("ready")) break;
  }
  const pidOf = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(said)?.[1]);
  return { child, pid: child.pid as number, pidOf };
}

test("a signal reaches a shell and its pipelines, and nothing that has a group of its own", async (t) => {
  const { child, pid, pidOf } = await begun(
    t,
    `sleep 61 & echo first=$!
    setsid sleep 63 & echo apart=$!
    sh -c 'sleep 62 & echo inner=$!; echo ready; wait' & echo shell=$!
    wait`,
  );
  const apart = pidOf("apart");
  t.after(() => process.kill(apart, "SIGKILL"));
  await until("a group of its own", () => !groupOf(pid).includes(apart));
  const group = groupOf(pid);
  assert.equal(group.length, 4);
  assert.ok(group.includes(pidOf("first")) && group.includes(pidOf("inner")));
  const closed = once(child, "exit");
  signalGroup(pid, "SIGTERM");
  assert.deepEqual(await closed, [null, "SIGTERM"]);
  for (const one of group) await until(`the end of ${one}`, () => identity(one) === undefined);
  assert.ok(identity(apart));
});

test("a process that has ended gets no signal, and that is no error", async (t) => {
  const { child, pid } = await begun(t, "echo ready");
  if (child.exitCode === null) await once(child, "exit");
  signalGroup(pid, "SIGTERM");
});
