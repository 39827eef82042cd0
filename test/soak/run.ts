// The soak: `npm run test:soak`. 200 deploys in a row on 10 hosts, or as --rounds and --hosts say; which of them meet
// which fault follows from --seed. Prints what came of them, and a table of what must not grow.

import { parseArgs } from "node:util";
import { startSite } from "../lab/site.js";
import { compare, describe as describeRows, least } from "./drift.js";
import { deployKinds, type Fault, faultOf, switchKinds } from "./faults.js";
import { limits } from "./gauges.js";
import { describe, type Plan, Soak } from "./soak.js";

const { values } = parseArgs({
  options: { rounds: { type: "string" }, hosts: { type: "string" }, seed: { type: "string" } },
});

/** A whole number that a flag says. */
function flag(name: keyof typeof values, usual: number, least: number): number {
  const text = values[name] ?? String(usual);
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new Error(`--${name} takes a number from ${least}`);
  return Number(text);
}

const rounds = flag("rounds", 200, 8);
const hosts = flag("hosts", 10, 1);
const seed = flag("seed", Math.floor(Math.random() * 1e9), 0);
const balancers = 2;
/** After so many rounds there is a sample, some forty in all; always of the same side. */
const every = 2 * Math.ceil(rounds / 80);
/** The part of the deploys, and of the switches, that meet a fault. */
const part = { deploy: 0.4, switch: 0.15 };

const print = (line: string) => process.stdout.write(`${line}\n`);
const show = (fault: Fault | undefined) =>
  fault ? `${fault.kind} (host ${fault.host + 1}, at ${fault.moment.toFixed(2)})` : "-";

print(
  `seed ${seed}; the same faults again: npm run test:soak -- --rounds ${rounds} --hosts ${hosts} --seed ${seed}`,
);
let interrupted = false;
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => {
    interrupted = true;
  });
const site = await startSite({ hosts, balancers });
const soak = new Soak(site);
const { tally } = soak;
try {
  for (let round = 1; round <= rounds && !interrupted; round++) {
    // What they take when nothing goes wrong must be known first, for both sides.
    const plan: Plan =
      round <= 2
        ? {}
        : {
            deploy: faultOf(seed, `deploy ${round}`, part.deploy, deployKinds, [0, hosts]),
            switch: faultOf(seed, `switch ${round}`, part.switch, switchKinds, [hosts, hosts + balancers]),
          };
    const began = performance.now();
    const wrong = tally.wrong.length;
    await soak.round(plan);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    print(`round ${round}: ${seconds} s; deploy: ${show(plan.deploy)}; switch: ${show(plan.switch)}`);
    for (const one of tally.wrong.slice(wrong)) print(`WRONG ${one}`);
    if (round % every === 0) await soak.sample();
  }
} finally {
  await soak.stop();
  print(`\n${describe(tally)}\n`);
  await site.stop();
}
if (tally.samples.length < least) {
  print(`${tally.samples.length} samples are too few to tell what grows`);
  process.exitCode = 1;
} else {
  const rows = compare(tally.samples, limits);
  const drifts = rows.filter((row) => row.drifts).length;
  print(`${describeRows(rows)}\n\nsamples: ${tally.samples.length}; drifts: ${drifts} of ${rows.length}`);
  if (drifts > 0) process.exitCode = 1;
}
if (interrupted || tally.wrong.length > 0) process.exitCode = 1;
