import assert from "node:assert/strict";
import { test } from "node:test";
import { Batches, newBatch } from "../../../lib/stream/batches.js";

test("says how many records of each batch never came", () => {
  const batches = new Batches();
  for (const batch of [{ id: "a", size: 3 }, { id: "b", size: 1 }, undefined, { id: "a", size: 3 }])
    batches.count(batch);
  assert.deepEqual(batches.missing(), [{ id: "a", size: 3, missing: 1 }]);
  batches.count({ id: "c", size: 5 });
  assert.equal(batches.lacking, 5);
});

test("more records than belong to a batch are not missing", () => {
  const batches = new Batches();
  for (let i = 0; i < 3; i++) batches.count({ id: "constructor", size: 2 });
  assert.deepEqual(batches.missing(), []);
});

test("a new batch has a name of its own", () => {
  const { id, size } = newBatch(3);
  assert.equal(size, 3);
  assert.match(id, /^\w{8,}$/);
  assert.notEqual(newBatch(3).id, id);
});
