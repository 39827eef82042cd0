import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { liveSide, type Seen } from "../../../lib/nginx/live.js";

const a = { name: "a", upstream: "upstreamA" };
const b = { name: "b", upstream: "upstreamB" };

const failing = (seen: readonly Seen[], code: string, message: RegExp) =>
  assert.throws(
    () => liveSide(seen, [a, b]),
    (error) => error instanceof Failure && error.code === code && message.test(error.message),
  );

test("what all serve is live", () => {
  const seen = ["lb1", "lb2"].map((label) => ({ label, upstream: "upstreamB" }));
  assert.deepEqual(liveSide(seen, [a, b]), b);
  assert.deepEqual(liveSide([{ label: "lb1", upstream: "upstreamA" }], [a, b]), a);
});

test("balancers that disagree are listed", () => {
  failing(
    [
      { label: "lb1", upstream: "upstreamA" },
      { label: "lb2", upstream: "upstreamB" },
      { label: "lb3", upstream: "upstreamA" },
    ],
    "balancers-disagree",
    /^the balancers disagree: lb1 serves a, lb2 serves b, lb3 serves a$/,
  );
});

test("one that cannot tell leaves it open, whatever the others serve", () => {
  failing(
    [
      { label: "lb1", upstream: "upstreamA" },
      { label: "lb2", upstream: new Failure("unreachable", "no route") },
    ],
    "unreachable",
    /^which side is served cannot be told: lb1 serves a; lb2: no route$/,
  );
});
