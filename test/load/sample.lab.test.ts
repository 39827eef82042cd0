// A short one of what `npm run test:load` does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, prove } from "./proof.js";
import { startSite } from "./site.js";

test("users notice neither switches nor a deploy to the other side", async (t) => {
  const site = await startSite({ hosts: 2, balancers: 2 });
  t.after(() => site.stop());
  const figures = await prove(site, 4, 4);
  const said = describe(figures);
  t.diagnostic(said);
  assert.deepEqual(figures.wrong, [], said);
  assert.ok(figures.requests > 100, said);
  assert.ok(figures.repeats < figures.requests / 10, said);
});
