// The great run: `npm run test:faults`. Says how many cases it has tried, and how many went wrong. Words choose: one of
// the three parts by its name, and of each part the cases in whose names all of the other words stand. A word such as 2/5
// is a share: of what is chosen every fifth case, beginning with the second one.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startIndex } from "../lab/index.js";
import { tiny } from "../lab/tiny.js";
import * as cases from "./cases.js";
import { type Mode, startFleet } from "./fleet.js";
import * as here from "./here.js";
import { makeJobs } from "./jobs.js";
import * as points from "./points.js";
import { soundCases, tryRound } from "./round.js";
import { startStepLab } from "./step-lab.js";
import { tasks } from "./step-work.js";
import { describe, type Verdict } from "./verdict.js";

const given = process.argv.slice(2);
const share = given.find((word) => /^[1-9]\d*\/[1-9]\d*$/.test(word));
const [place = 1, shares = 1] = share?.split("/").map(Number) ?? [];
const words = given.filter((word) => word !== share);
/** Whether cases of that program, and what it is to do, are among those that the words choose. */
const mayBe = (name: string) => words.every((word) => !word.startsWith("es-") || name.includes(word));
const verdicts: Verdict[] = [];

function keep(...some: Verdict[]): void {
  for (const verdict of some) process.stdout.write(`${describe(verdict)}\n`);
  verdicts.push(...some);
}

/** Does something with each of a list, so many at once. */
async function each<T>(list: readonly T[], atOnce: number, act: (one: T) => Promise<void>): Promise<void> {
  const left = [...list];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await act(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** A connection breaks at each point of a deploy of four steps. */
async function deploys(isChosen: (name: string) => boolean): Promise<void> {
  const atOnce = 8;
  const fleet = await startFleet(atOnce);
  let versions = 0;
  const nextVersion = () => `1.${versions++}`;
  try {
    for (const mode of ["steps", "session"] as Mode[]) {
      const all = await soundCases(fleet, mode, nextVersion());
      const chosen = all.filter((one) => isChosen(cases.nameOf(one)));
      for (let first = 0; first < chosen.length; first += atOnce)
        keep(...(await tryRound(fleet, nextVersion(), chosen.slice(first, first + atOnce))));
    }
  } finally {
    await fleet.stop();
  }
}

/** Each program that a step begins on its host is the last one. */
async function scripts(isChosen: (name: string) => boolean): Promise<void> {
  const lab = await startStepLab(6);
  try {
    const [first] = lab.grounds;
    if (first === undefined) return;
    for (const task of tasks) {
      if (!mayBe(task.name)) continue;
      const all = await points.pointsOf(lab, first, task);
      const chosen = all.filter((one) => isChosen(points.nameOf(one)));
      const free = [...lab.grounds];
      await each(chosen, lab.grounds.length, async (point) => {
        const ground = free.pop();
        if (ground === undefined) throw new Error("more cases at once than hosts");
        keep(await points.tryPoint(lab, ground, point));
        free.push(ground);
      });
    }
  } finally {
    await lab.stop();
  }
}

/** What programs do on this machine, and what they ask an index, goes wrong. */
async function programs(isChosen: (name: string) => boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "essay-jobs-"));
  const index = await startIndex({ empty: true });
  tiny(index.directory);
  try {
    for (const job of await makeJobs(folder, index.url)) {
      if (!mayBe(job.name)) continue;
      const sound = await here.soundRun(job);
      const chosen = sound.points.filter((one) => isChosen(here.nameOf(one)));
      await each(chosen, 3, async (point) => keep(await here.tryHere(point, sound)));
    }
  } finally {
    await index.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const parts = { deploys, scripts, programs };
const named = Object.keys(parts).filter((name) => words.includes(name));
const others = words.filter((word) => !named.includes(word));
for (const [name, part] of Object.entries(parts)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const before = verdicts.length;
  const begun = performance.now();
  let cases = 0;
  const isOfShare = () => cases++ % shares === (place - 1) % shares;
  await part((text) => others.every((word) => text.includes(word)) && isOfShare());
  const own = verdicts.slice(before);
  const failed = own.filter(({ wrong }) => wrong.length > 0).length;
  const minutes = ((performance.now() - begun) / 60_000).toFixed(0);
  process.stdout.write(`${name}: ${own.length} cases tried, ${failed} went wrong, ${minutes} minutes\n`);
}
const failed = verdicts.filter(({ wrong }) => wrong.length > 0).length;
process.stdout.write(`${verdicts.length} cases tried, ${failed} went wrong\n`);
if (failed > 0 || verdicts.length === 0) process.exitCode = 1;
