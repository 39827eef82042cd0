// Every point of a step's script: the programs that it begins on its host, one after the other. At each of them the
// script stands still, something goes wrong, and the step is run again.

import { kill, until } from "../lab/processes.js";
import type { Ground } from "./ground.js";
import { afterwards, type Keeper, outcomeOf, type StepLab } from "./step-lab.js";
import { lost, type StepName } from "./step-table.js";
import { works } from "./step-work.js";
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
  step: StepName;
  /** Its place among the programs that are begun, from 1. */
  at: number;
  program: string;
  trouble: Trouble;
}

export const nameOf = ({ step, at, program, trouble }: Point) =>
  `${step}, at its program ${at} (${program}): ${trouble}`;

export const steps = Object.keys(works) as StepName[];

/** What records may say; "ok" only where all that was wanted is so. */
const codes: Record<Trouble, (step: StepName) => readonly string[]> = {
  "script killed": (step) => [`${step.slice("es-".length)}-failed`],
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

/** All points of a step, by running it once with nothing going wrong. */
export async function pointsOf(lab: StepLab, ground: Ground, step: StepName): Promise<Point[]> {
  const work = works[step];
  const keeper = new Cleaning();
  try {
    await lab.prepare(keeper, ground, step, work);
    ground.count(0);
    const ran = await outcomeOf(lab.start(keeper, ground, step, work));
    if (ran.code !== "ok" || !work.done(ground)) throw new Error(`${step} failed\n${ran.report}`);
    return ground
      .counted()
      .flatMap((words, place) =>
        troubles.map((trouble) => ({ step, at: place + 1, program: words.slice(0, 40), trouble })),
      );
  } finally {
    await keeper.done();
  }
}

/** Has the trouble come, and resolves to what undoes it. */
function strike(ground: Ground, trouble: Trouble, child: { kill(signal: "SIGKILL"): unknown }): () => void {
  const connections = ground.connections();
  if (trouble === "script killed") kill(ground.scripts());
  else if (trouble === "connection cut") kill(connections);
  else if (trouble === "connection silent") {
    for (const pid of connections) process.kill(pid, "SIGSTOP");
    return () => kill(connections);
  } else if (trouble === "disk full") {
    ground.leaveRoom("prefix", 0);
    ground.goOn();
    return () => ground.leaveRoom("prefix", undefined);
  } else child.kill("SIGKILL");
  return () => {};
}

/** What is held, runs or lies about on the host. */
const leftOn = (ground: Ground) => [
  ...ground.locked().map((name) => `the lock ${name} is held`),
  ...(ground.strangers().length > 0 ? [`${ground.strangers().length} processes run`] : []),
  ...ground.look().filter((line) => line.startsWith("left ")),
];

/** Tries a case on a host. */
export async function tryPoint(lab: StepLab, ground: Ground, point: Point): Promise<Verdict> {
  const { step, trouble, at } = point;
  const work = works[step];
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
    await until(`${step} to stand still`, () => over || ground.stands(), 120_000);
    if (over) wrong.push(`it did not come there\n${(await outcomeOf(run)).report}`);
    const undo = strike(ground, trouble, run.child);
    const ran = await outcomeOf(run);
    code = ran.code;
    // A host that is told of nothing hears nothing for 8 s, and ends the script then.
    await until("the end", () => leftOn(ground).length === 0, 15_000).catch(() => {
      for (const left of leftOn(ground)) wrong.push(`${left} after the fault`);
    });
    const is = afterwards(ground, work, before);
    if (typeof is !== "string") wrong.push(`torn:\n${is.join("\n")}`);
    if (code === "ok" ? is !== "done" && !work.done(ground) : !codes[trouble](step).includes(code))
      wrong.push(`it ended with ${code}, and is ${is}\n${ran.report}`);
    undo();
    ground.mend();
    const again = await outcomeOf(lab.start(keeper, ground, step, work));
    if (again.code !== "ok") wrong.push(`the rerun failed\n${again.report}`);
    else if (!work.done(ground) || work.cut?.(ground))
      wrong.push(`the rerun healed nothing\n${again.report}`);
    wrong.push(...ground.marks().map((mark) => `marked ${mark} after the rerun`));
    wrong.push(...leftOn(ground).map((left) => `${left} after the rerun`));
  } catch (error) {
    wrong.push((error as Error).message);
  } finally {
    await keeper.done();
  }
  return { name: nameOf(point), code, wrong };
}
