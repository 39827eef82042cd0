import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { attempt, culprits, newSite, notAttempted, visit } from "../../../lib/nginx/sites.js";
import { thought } from "../../lab/balancers.js";

const never = new AbortController().signal;

test("a site whose work throws has the failure; the others go on", async () => {
  const sites = [thought("one"), thought("two"), thought("three")].map(newSite);
  const done: string[] = [];
  const well = await attempt(sites, never, async ({ balancer: { label } }) => {
    if (label === "two") throw new Failure("bad", "it is bad");
    done.push(label);
  });
  assert.equal(well, false);
  assert.deepEqual(done, ["one", "three"]);
  assert.equal(culprits(sites), "two failed (bad)");
  assert.deepEqual(
    notAttempted(sites, ({ balancer }) => (balancer.label === "one" ? "A is served" : "")).map(
      ({ message }) => message,
    ),
    [
      "not switched because two failed (bad); A is served",
      "it is bad",
      "not switched because two failed (bad)",
    ],
  );
});

test("what is cancelled fails by its reason, also where the work came to its end", async () => {
  const stop = new AbortController();
  const sites = [thought("one")].map(newSite);
  await attempt(sites, stop.signal, async () => stop.abort(new Failure("cancelled", "by SIGINT")));
  assert.equal(sites[0]?.failure?.code, "cancelled");
});

test("balancers are held while they are worked on, and given back whatever comes of it", async () => {
  const all = [thought("one"), thought("two")];
  const rest = { signal: never, look: async () => {}, now: () => "" };
  const held = () => all.map((one) => one.held);
  const done = { nginx: undefined, changed: false, said: "done" };
  const work = (wanted: number[]) => async () => {
    assert.deepEqual(held(), wanted);
    return [done, done];
  };
  assert.deepEqual(await visit(all.map(newSite), { ...rest, plan: false, work: work([1, 1]) }), [done, done]);
  assert.deepEqual(await visit(all.map(newSite), { ...rest, plan: true, work: work([0, 0]) }), [done, done]);
  const look = async () => {
    throw new Failure("bad", "it is bad");
  };
  const outcomes = await visit(all.map(newSite), { ...rest, plan: false, look, work: work([9]) });
  assert.ok(outcomes.every((outcome) => outcome instanceof Failure && outcome.code === "bad"));
  const throwing = async () => {
    throw new Error("a fault of ours");
  };
  await assert.rejects(visit(all.map(newSite), { ...rest, plan: false, work: throwing }), /a fault of ours/);
  assert.deepEqual(held(), [0, 0]);
});
