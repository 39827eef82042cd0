// Every point of a step's script: the programs that it begins on its host, one after the other. At each of them the
// script stands still, something goes wrong, and the step is run again.

import { commandLine, kill, until } from "../lab/processes.js";
import type { Ground } from "./ground.js";
import { afterwards, isOnItsWay, type Keeper, outcomeOf, type StepLab } from "./step-lab.js";
import { lost } from "./step-table.js";
import type { Task } from "./step-work.js";
import type { Verdict } from "./verdict.js";

/** What goes wrong at a point. */
export const troubles = [
  "script killed",
  "step killed",
  "session killed",
  // Both ends of the connection learn of it; or neither does.
  "connection cut",
  "connection silent",
  "disk full",
] as const;
export type Trouble = (typeof troubles)[number];

export interface Point {
  task: Task;
  /** Its place among the programs that are begun, from 1. */
  at: number;
  program: string;
  trouble: Trouble;
}

export const nameOf = ({ task, at, program, trouble }: Point) =>
  `${task.name}, at its program ${at} (${program}): ${trouble}`;

/** What records may say; "ok" only where all that was wanted is so. */
const codes: Record<Trouble, (task: Task) => readonly string[]> = {
  // Before its first word it is not known to be ours.
  "script killed": ({ step }) => [`${step.slice("es-".length)}-failed`, "exec-failed"],
  "step killed": () => [lost],
  "session killed": () => ["connection-lost"],
  "connection cut": () => ["connection-lost"],
  "connection silent": () => ["connection-lost", "timeout"],
  "disk full": () => ["disk-full"],
};

/** Keeps what is to be done when a case is over. */
export class Cleaning implements Keeper {
  readonly #acts: (() => unknown)[] = [];

  after(act?: unknown): void {
    if (typeof act === "function") this.#acts.push(act as () => unknown);
  }

  async done(): Promise<void> {
    for (const act of this.#acts.splice(0)) await act();
  }
}

/** All points of a task, by doing it once with nothing going wrong. */
export async function pointsOf(lab: StepLab, ground: Ground, task: Task): Promise<Point[]> {
  const { step, work } = task;
  const keeper = new Cleaning();
  try {
    await lab.prepare(keeper, ground, step, work);
    ground.count(0);
    const ran = await outcomeOf(lab.start(keeper, ground, step, work));
    if (ran.code !== "ok" || !work.done(ground)) throw new Error(`${task.name} failed\n${ran.report}`);
    return ground
      .counted()
      .flatMap((words, place) =>
        troubles.map((trouble) => ({ task, at: place + 1, program: words.slice(0, 40), trouble })),
      );
  } finally {
    await keeper.done();
  }
}

/** Has the trouble come. */
function strike(ground: Ground, trouble: Trouble, child: { kill(signal: "SIGKILL"): unknown }): void {
  const connections = ground.connections();
  if (trouble === "script killed") kill(ground.scripts());
  else if (trouble === "connection cut") kill(connections);
  else if (trouble === "connection silent") for (const pid of connections) process.kill(pid, "SIGSTOP");
  else if (trouble === "disk full") {
    ground.leaveRoom("prefix", 0);
    ground.goOn();
  } else child.kill("SIGKILL");
}

const locked = (ground: Ground) => ground.locked().map((name) => `the lock ${name} is held`);

/** What runs or lies about on the host; and, where there is nothing of that, what is held: to ask for that takes long. */
function leftOn(ground: Ground): string[] {
  const running = ground.strangers().map((pid) => `${commandLine(pid).slice(0, 40)} runs`);
  const left = [...running, ...ground.left()];
  return left.length > 0 ? left : locked(ground);
}

/** Waits for the end of all that is on the host, and gives what is there still. */
async function lasting(ground: Ground, list: (ground: Ground) => string[], limit: number): Promise<string[]> {
  await until("the end", () => list(ground).length === 0, limit).catch(() => {});
  return list(ground);
}

/** What of a trouble is on the host when the step has ended; the trouble is over then. */
async function leftBy(ground: Ground, trouble: Trouble): Promise<string[]> {
  const left: string[] = [];
  if (trouble === "connection silent") {
    // Nobody tells the host, and what waits for a lock waits for 10 s; the rest goes when the connection does.
    left.push(...(await lasting(ground, locked, 15_000)));
    kill(ground.connections());
  }
  // What stands still is ended, or else comes to its end by itself.
  if ((await lasting(ground, leftOn, 1000)).length > 0) ground.goOn();
  left.push(...(await lasting(ground, leftOn, 15_000)));
  return left.map((text) => `${text} after the fault`);
}

/** Tries a case on a host. */
export async function tryPoint(lab: StepLab, ground: Ground, point: Point): Promise<Verdict> {
  const { task, trouble, at } = point;
  const { step, work } = task;
  const wrong: string[] = [];
  const keeper = new Cleaning();
  let code = "nothing";
  try {
    await lab.prepare(keeper, ground, step, work);
    ground.count(at);
    const before = ground.look();
    const run = lab.start(keeper, ground, step, work, { inSession: trouble === "session killed" });
    let over = false;
    run.closed.then(() => {
      over = true;
    });
    await until(`${task.name} to stand still`, () => over || ground.stands(), 120_000);
    if (over) wrong.push(`it did not come there\n${(await outcomeOf(run)).report}`);
    strike(ground, trouble, run.child);
    const ran = await outcomeOf(run);
    code = ran.code;
    wrong.push(...(await leftBy(ground, trouble)));
    const is = afterwards(ground, work, before);
    if (typeof is !== "string") wrong.push(`torn:\n${is.join("\n")}`);
    if (code === "ok" ? is !== "done" && !work.done(ground) : !codes[trouble](task).includes(code))
      wrong.push(`it ended with ${code}, and is ${is}\n${ran.report}`);
    if (trouble === "disk full") ground.leaveRoom("prefix", undefined);
    ground.mend();
    const again = await outcomeOf(lab.start(keeper, ground, step, work));
    if (again.code !== "ok") wrong.push(`the rerun failed\n${again.report}`);
    else if (!work.done(ground) || work.cut?.(ground))
      wrong.push(`the rerun healed nothing\n${again.report}`);
    wrong.push(...ground.marks().map((mark) => `marked ${mark} after the rerun`));
    wrong.push(
      ...ground
        .look()
        .filter(isOnItsWay)
        .map((line) => `${line} after the rerun`),
    );
    wrong.push(...(await lasting(ground, leftOn, 5000)).map((left) => `${left} after the rerun`));
  } catch (error) {
    wrong.push((error as Error).message);
  } finally {
    await keeper.done();
  }
  return { name: nameOf(point), code, wrong };
}
