// Each step and each thing that goes wrong in the middle of it, by the table: the record tells what happened, the host
// is as before or marked, and the step, run again, heals it.

import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { kill, until } from "../lab/processes.js";
import type { Ground } from "./ground.js";
import { afterwards, outcomeOf, rerunOf, type StepLab, startStepLab } from "./step-lab.js";
import { type Fault, type StepName, table } from "./step-table.js";
import { limit, type Work, works } from "./step-work.js";

/** Cases at once, each on a host of its own. */
const atOnce = 4;

let lab: StepLab;
const free: Ground[] = [];

before(async () => {
  lab = await startStepLab(atOnce);
  free.push(...lab.grounds);
});
after(() => lab?.stop());

function strike(ground: Ground, { closed, room, slow, tool }: Work, fault: Fault): void {
  if (fault === "disk full") ground.leaveRoom("prefix", room);
  if (fault === "no room in /tmp") ground.leaveRoom("tmp", 0);
  if (fault === "read-only") ground.setWritable(false);
  if (fault === "permission denied")
    "path" in closed ? ground.own(closed.path, closed.mode) : ground.forbid(closed.program);
  if (fault === "tool missing") "path" in tool ? ground.hide(tool.path, true) : ground.lose(tool.program);
  if (fault === "timeout" || fault.endsWith("killed")) ground.slow(slow);
}

/** Takes the fault away again. */
function heal(ground: Ground, { closed, tool }: Work, fault: Fault): void {
  ground.mend();
  if (fault === "disk full") ground.leaveRoom("prefix", undefined);
  if (fault === "no room in /tmp") ground.leaveRoom("tmp", undefined);
  if (fault === "read-only") ground.setWritable(true);
  if (fault === "permission denied" && "path" in closed) ground.own(closed.path, undefined);
  if (fault === "tool missing" && "path" in tool) ground.hide(tool.path, false);
}

/** Runs the step with the fault, to its end and to that of all that it has begun. */
async function suffer(t: TestContext, ground: Ground, step: StepName, fault: Fault) {
  const work = works[step];
  const args = fault === "timeout" ? ["--timeout", limit, ...work.args] : work.args;
  const more = { ...(fault === "unreachable" && { port: 9 }), inSession: fault === "session killed" };
  const run = lab.start(t, ground, step, { ...work, args }, more);
  if (fault.endsWith("killed")) {
    await until(`${step} to stand still`, () => ground.stands()).catch((error: Error) => {
      throw new Error(`${error.message}\n${run.seen.stderr}${run.seen.stdout}`);
    });
    if (fault === "script killed") kill(ground.scripts());
    else run.child.kill("SIGKILL");
  }
  const ran = await outcomeOf(run);
  await until("the end of all that ran on the host", () => ground.strangers().length === 0);
  return ran;
}

describe("a step that meets trouble", { concurrency: atOnce }, () => {
  for (const [step, fault, code, says, after, rerun] of table)
    test(`${step}: ${fault}`, async (t) => {
      const ground = free.pop();
      assert.ok(ground);
      t.after(() => free.push(ground));
      const work = works[step];
      await lab.prepare(t, ground, step, work);
      strike(ground, work, fault);
      const before = ground.look();

      const ran = await suffer(t, ground, step, fault);
      const is = afterwards(ground, work, before);
      assert.deepEqual([ran.code, is], [code, after], ran.report);
      const killed = fault === "step killed" || fault === "session killed";
      assert.equal(ran.status, killed ? null : code === "ok" ? 0 : 1, ran.report);
      assert.match(ran.record?.error?.message ?? "", says, ran.report);

      heal(ground, work, fault);
      const again = await outcomeOf(lab.start(t, ground, step, work));
      assert.deepEqual([again.code, rerunOf(again.record)], ["ok", rerun], again.report);
      assert.ok(work.done(ground) && !work.cut?.(ground), again.report);
      assert.deepEqual(ground.marks(), []);
    });
});
