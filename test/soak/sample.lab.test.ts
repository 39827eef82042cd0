// A short one of what `npm run test:soak` does; what users meet in it is what they meet in `npm run test:load`, too.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startSite } from "../lab/site.js";
import { compare, describe as describeRows } from "./drift.js";
import { limits } from "./gauges.js";
import { describe, type Plan, Soak } from "./soak.js";

const plans: readonly Plan[] = [
  {},
  {},
  { deploy: { kind: "session killed", host: 0, moment: 0.5 } },
  { switch: { kind: "script killed", host: 1, moment: 0.3 } },
];

test("users notice neither deploys nor switches, nor what goes wrong in them, and nothing grows", async (t) => {
  const site = await startSite({ hosts: 1, balancers: 2 });
  t.after(() => site.stop());
  const soak = new Soak(site);
  try {
    for (const plan of plans) {
      await soak.round(plan);
      await soak.sample();
    }
  } finally {
    await soak.stop();
  }
  const { requests, repeats, wrong, faults, samples } = soak.tally;
  const rows = compare(samples, limits);
  const said = `${describe(soak.tally)}\n${describeRows(rows)}`;
  t.diagnostic(said);
  assert.deepEqual(wrong, [], said);
  assert.deepEqual(
    rows.filter(({ drifts }) => drifts),
    [],
    said,
  );
  assert.deepEqual(faults["session killed"], { hits: 1, failed: 1, healed: 1 }, said);
  assert.equal(faults["script killed"].hits, 1, said);
  assert.ok(requests > 100, said);
  assert.ok(repeats < requests / 10, said);
});
