// Every fault at every point of a deploy: `npm run test:faults`. Says how many cases it has tried, and how many went
// wrong. Words choose the cases in whose names all of them stand.

import { nameOf } from "./cases.js";
import { type Mode, startFleet } from "./fleet.js";
import { describe, soundCases, tryRound, type Verdict } from "./round.js";

const atOnce = 8;
const words = process.argv.slice(2);

const fleet = await startFleet(atOnce);
const verdicts: Verdict[] = [];
let versions = 0;
const nextVersion = () => `1.${versions++}`;
try {
  for (const mode of ["steps", "session"] as Mode[]) {
    const all = await soundCases(fleet, mode, nextVersion());
    const cases = all.filter((one) => words.every((word) => nameOf(one).includes(word)));
    for (let first = 0; first < cases.length; first += atOnce) {
      const round = await tryRound(fleet, nextVersion(), cases.slice(first, first + atOnce));
      for (const verdict of round) process.stdout.write(`${describe(verdict)}\n`);
      verdicts.push(...round);
    }
  }
} finally {
  await fleet.stop();
}
const failed = verdicts.filter(({ wrong }) => wrong.length > 0).length;
process.stdout.write(`${verdicts.length} cases tried, ${failed} went wrong\n`);
if (failed > 0 || verdicts.length === 0) process.exitCode = 1;
