// Each step and each thing that goes wrong in the middle of it, by the table: the record tells what happened, the host
// is as before or marked, and the step, run again, heals it.

import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { kill, until } from "../lab/processes.js";
import type { Ground } from "./ground.js";
import { afterwards, outcomeOf, rerunOf, type StepLab, startStepLab } from "./step-lab.js";
import { type Fault, type Row, type StepName, type TaskName, table } from "./step-table.js";
import { type Deed, limit, stepOf, type Work, works } from "./step-work.js";

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
async function suffer(t: TestContext, ground: Ground, task: TaskName, fault: Fault) {
  const work = works[task];
  const args = fault === "timeout" ? ["--timeout", limit, ...work.args] : work.args;
  const more = { ...(fault === "unreachable" && { port: 9 }), inSession: fault === "session killed" };
  const run = lab.start(t, ground, stepOf(task), { ...work, args }, more);
  if (fault.endsWith("killed")) {
    await until(`${task} to stand still`, () => ground.stands(), 60_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${run.seen.stderr}${run.seen.stdout}`);
    });
    if (fault === "script killed") kill(ground.scripts());
    else run.child.kill("SIGKILL");
  }
  const ran = await outcomeOf(run);
  await until("the end of all that ran on the host", () => ground.strangers().length === 0);
  return ran;
}

/** Has the fault come, looks at what it leaves, and takes it away. */
async function tryCase(t: TestContext, ground: Ground, [task, fault, code, says, after]: Row): Promise<void> {
  const work = works[task];
  strike(ground, work, fault);
  const before = ground.look();
  const ran = await suffer(t, ground, task, fault);
  const is = afterwards(ground, work, before);
  assert.deepEqual([ran.code, is], [code, after], ran.report);
  const killed = fault === "step killed" || fault === "session killed";
  assert.equal(ran.status, killed ? null : code === "ok" ? 0 : 1, ran.report);
  assert.match(ran.record?.error?.message ?? "", says, ran.report);
  heal(ground, work, fault);
}

/** Cases of one task, one after the other on the same host, and then the step without any. */
function tryAll(rows: readonly [Row, ...Row[]]): void {
  const [[task, , , , , rerun]] = rows;
  const work = works[task];
  test(`${task}: ${rows.map(([, fault]) => fault).join(", ")}`, async (t) => {
    const ground = free.pop();
    assert.ok(ground);
    t.after(() => free.push(ground));
    await lab.prepare(t, ground, stepOf(task), work);
    for (const row of rows)
      await tryCase(t, ground, row).catch((error: Error) => {
        error.message = `${row[1]}: ${error.message}`;
        throw error;
      });
    const again = await outcomeOf(lab.start(t, ground, stepOf(task), work));
    assert.deepEqual([again.code, rerunOf(again.record)], ["ok", rerun], again.report);
    assert.ok(work.done(ground) && !work.cut?.(ground), again.report);
    assert.deepEqual(ground.marks(), []);
  });
}

/** Each step with nothing new, alone and in a session, and how many scripts it has then: its own, and the lock's. */
const nothingNew: readonly [step: StepName, alone: 1, inSession?: 1 | 2][] = [
  ["es-venv", 1],
  ["es-pip", 1],
  ["es-conf", 1],
  ["es-run", 1],
  ["es-supervisor", 1, 2],
  ["es-check", 1],
  ["es-status", 1, 1],
];

test("a step has one script on its host, and in a session that of the lock where it takes one", async (t) => {
  const [ground] = free;
  assert.ok(ground);
  const run = async (step: StepName, work: Deed, inSession: boolean) => {
    const ran = await outcomeOf(lab.start(t, ground, step, work, { inSession }));
    assert.equal(ran.code, "ok", ran.report);
    return ran;
  };
  await lab.prepare(t, ground, "es-pip", works["es-pip"]);
  for (const [step] of nothingNew.slice(0, -2)) await run(step, works[step], false);
  ground.count(0);
  for (const [step, ...scripts] of nothingNew)
    for (const [place, number] of scripts.entries()) {
      const before = ground.scriptsCounted();
      const ran = await run(step, works[step], place === 1);
      if (step !== "es-run") assert.notEqual(rerunOf(ran.record), "changes", ran.report);
      assert.equal(ground.scriptsCounted() - before, number, ran.report);
    }
});

describe("a step that meets trouble", { concurrency: atOnce }, () => {
  for (const task of new Set(table.map(([name]) => name))) {
    const rows = table.filter(([name]) => name === task);
    // A host that is as before serves for the next case.
    const [first, ...more] = rows.filter(([, , , , after]) => after === "as before");
    if (first) tryAll([first, ...more]);
    for (const row of rows.filter(([, , , , after]) => after !== "as before")) tryAll([row]);
  }
});
