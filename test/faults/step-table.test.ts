import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fault, steps, table } from "./step-table.js";

/** What may happen in the middle of every step; the other faults concern some of them. */
const always: readonly Fault[] = [
  "unreachable",
  "disk full",
  "permission denied",
  "tool missing",
  "script killed",
  "step killed",
  "session killed",
  "timeout",
];

test("every step has a row for all that may happen to it, and none twice", () => {
  const cells = table.map(([step, fault]) => `${step}: ${fault}`);
  assert.deepEqual(
    cells.filter((cell, place) => cells.indexOf(cell) < place),
    [],
  );
  const wanted = steps.flatMap((step) => always.map((fault) => `${step}: ${fault}`));
  assert.deepEqual(
    wanted.filter((cell) => !cells.includes(cell)),
    [],
  );
  // They share a host, on which the step is then run once without any fault.
  for (const task of new Set(table.map(([name]) => name))) {
    const shared = table.filter(([name, , , , after]) => name === task && after === "as before");
    assert.ok(new Set(shared.map(([, , , , , rerun]) => rerun)).size <= 1, task);
  }
});
