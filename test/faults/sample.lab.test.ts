// Faults in the phases of a deploy: a table with each kind of them, in both ways of deploying, of the many that
// `npm run test:faults` tries.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nameOf } from "./cases.js";
import { type Fleet, type Mode, startFleet } from "./fleet.js";
import { soundCases, tryRound } from "./round.js";
import { describe } from "./verdict.js";

/**
 * Each with the code of its record. In a session, whether a step or the lock hears first of a lost connection is a
 * matter of chance.
 */
const sample: Record<Mode, readonly [name: string, code: RegExp][]> = {
  steps: [
    ["es-venv: in our signature: end", /^unreachable$/],
    ["es-pip works: reset", /^connection-lost$/],
    ["es-supervisor's last bytes are on their way: corrupt", /^connection-lost$/],
    ["es-supervisor is there: stall", /^connection-lost$/],
  ],
  session: [
    ["the lock is there: end", /^(connection|lock)-lost$/],
    ["es-pip is there: stall", /^(connection|lock)-lost$/],
    ["es-supervisor begins to come: reset", /^(connection|lock)-lost$/],
    ["es-check is on its way: pause", /^ok$/],
  ],
};

let fleet: Fleet;
before(async () => {
  fleet = await startFleet(4);
});
after(() => fleet.stop());

for (const mode of ["steps", "session"] as const)
  test(`a deploy by ${mode} is cut: each host has its record, and the next deploy heals it`, async () => {
    const all = new Map((await soundCases(fleet, mode, `1.${mode.length}`)).map((one) => [nameOf(one), one]));
    const cases = sample[mode].map(([name]) => {
      const found = all.get(`${mode}, ${name}`);
      assert.ok(found, `${name} is none of\n${[...all.keys()].join("\n")}`);
      return found;
    });
    const verdicts = await tryRound(fleet, `2.${mode.length}`, cases);
    const said = verdicts.map(describe).join("\n");
    assert.deepEqual(
      verdicts.filter(({ wrong }) => wrong.length > 0),
      [],
      said,
    );
    for (const [place, { code }] of verdicts.entries())
      assert.match(code, sample[mode][place]?.[1] ?? /no such case/, said);
  });
