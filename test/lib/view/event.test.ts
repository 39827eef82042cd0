import assert from "node:assert/strict";
import { test } from "node:test";
import { eventOf } from "../../../lib/view/event.js";

test("events come through, without what does not belong to them", () => {
  const by = { stage: 1, step: "es-pip" };
  for (const event of [
    { what: "step" },
    { what: "came", host: "web1" },
    { what: "came", host: "web1", of: 4 },
    { what: "begun", host: "web1" },
    { what: "done", host: "web1", ms: 3, said: "installed" },
    { what: "done", host: "web1", ms: 3, said: "no", code: "locked" },
    { what: "doing", said: "half" },
  ])
    assert.deepEqual(eventOf({ ...event, ...by, view: "x" }), { ...event, ...by });
});

test("anything else is none", () => {
  for (const value of [
    {},
    { what: "step", stage: 1 },
    { what: "step", stage: "1", step: "x" },
    { what: "begun", stage: 1, step: "x" },
    { what: "begun", stage: 1, step: "x", host: 3 },
    { what: "done", stage: 1, step: "x", host: "h", ms: "3", said: "" },
    { what: "doing", stage: 1, step: "x" },
    { what: "other", stage: 1, step: "x", host: "h" },
  ])
    assert.equal(eventOf(value), undefined, JSON.stringify(value));
});
