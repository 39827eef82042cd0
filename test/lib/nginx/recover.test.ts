import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { recoverAll } from "../../../lib/nginx/recover.js";
import { switchAll } from "../../../lib/nginx/switch.js";
import { dyingAt, messages, type Thought, thought, wish } from "../../lab/balancers.js";

const probed = { ...wish, probe: true };
const never = new AbortController().signal;
const plain = { plan: false, partial: false };

/** The one side of all, which no note questions; fails otherwise. */
function sideOf(all: readonly Thought[], when: string): string {
  const states = all.map(({ named, served, note, held }) => ({ named, served, note, held }));
  const [{ served } = { served: "" }] = states;
  for (const state of states)
    assert.deepEqual(state, { named: served, served, note: undefined, held: 0 }, when);
  return served;
}

/** Three balancers whose switch to B was cut short by the death of the control machine at that act. */
async function cutShort(number: number, when: "before" | "after", confirm = 0): Promise<Thought[]> {
  const all = [thought("one"), thought("two"), thought("three")];
  await switchAll(dyingAt(all, number, when), { ...probed, confirm }, never);
  return all;
}

/** Every act of a switch of three: look, edit, reload, probe, commit, keep; then all is over. */
const acts = Array.from({ length: 19 }, (_, number) => number);

test("wherever the control machine dies, recovery ends in one side, and so does the next run", async () => {
  const sides = { A: 0, B: 0 };
  for (const number of acts)
    for (const when of ["before", "after"] as const) {
      const all = await cutShort(number, when);
      await recoverAll(all, plain, never);
      const side = sideOf(all, `${when} act ${number}`);
      // Nobody goes back from a switch that is complete, nor forward in one that nobody has seen.
      if (number < 12) assert.equal(side, "A", `${when} act ${number}`);
      if (number > 14) assert.equal(side, "B", `${when} act ${number}`);
      sides[side as "A" | "B"]++;

      for (const [from, to] of [
        ["A", "B"],
        ["B", "A"],
      ] as const) {
        const again = await cutShort(number, when);
        const outcomes = await switchAll(again, { ...probed, from, to, id: "s2" }, never);
        assert.equal(sideOf(again, `${when} act ${number}, then to ${to}: ${messages(outcomes)}`), to);
      }
    }
  assert.ok(sides.A > 20 && sides.B > 5, JSON.stringify(sides));
});

test("a recovery that dies itself is ended by the next one", async () => {
  for (const number of acts)
    for (const second of [3, 4, 5, 6, 8]) {
      const all = await cutShort(number, "after");
      await recoverAll(dyingAt(all, second, "after"), plain, never);
      await recoverAll(all, plain, never);
      sideOf(all, `act ${number}, then ${second}`);
    }
});

test("what waits for confirmation goes back without any control machine, wherever that died", async () => {
  // look, edit, reload, probe, hold
  for (const number of acts.slice(0, 15))
    for (const when of ["before", "after"] as const) {
      const all = await cutShort(number, when, 5);
      for (const one of all) one.letTimeGoBy();
      assert.equal(sideOf(all, `${when} act ${number}`), "A");
    }
});

test("says what it did, and what it would do", async () => {
  const cut = await cutShort(5, "before");
  assert.deepEqual(messages(await recoverAll(cut, { ...plain, plan: true }, never)), [
    "the switch to B that was cut short (ann@control) would be ended: it is taken back",
    "the switch to B that was cut short (ann@control) would be ended: it is taken back",
    "no switch of /f was cut short",
  ]);
  const outcomes = await recoverAll(cut, plain, never);
  assert.deepEqual(messages(outcomes), [
    "A is served; the switch to B that was cut short (ann@control) is taken back",
    "A is served; the switch to B that was cut short (ann@control) is taken back",
    "no switch of /f was cut short",
  ]);
  assert.deepEqual(
    outcomes.map((outcome) =>
      outcome instanceof Failure ? outcome : [outcome.nginx?.live, outcome.changed],
    ),
    [
      ["A", true],
      ["A", true],
      [undefined, false],
    ],
  );
  const late = messages(await recoverAll(await cutShort(13, "before"), plain, never));
  assert.deepEqual(
    new Set(late),
    new Set(["B is served; the switch to B that was cut short (ann@control) is complete"]),
  );
});

test("a balancer that the switch was about is missing: nothing is done, unless that is accepted", async () => {
  const [one, two] = await cutShort(8, "after");
  assert.ok(one && two);
  const [first] = messages(await recoverAll([one, two], plain, never));
  assert.match(
    first ?? "",
    /^cut-short: a switch to B \(ann@control\) was cut short, and three, which it was about, /,
  );
  const next = messages(await switchAll([one, two], { ...probed, id: "s2" }, never));
  assert.match(next[0] ?? "", /^cut-short: /);
  assert.ok(one.note && two.note);
  await recoverAll([one, two], { ...plain, partial: true }, never);
  assert.equal(sideOf([one, two], "partial"), "A");

  // One that knows that all were switched is enough.
  const [knows] = await cutShort(12, "after");
  assert.ok(knows);
  await recoverAll([knows], plain, never);
  assert.equal(sideOf([knows], "it knows"), "B");
});

test("where one fails, nobody forgets what the others may need", async () => {
  const all = await cutShort(12, "after");
  const ill = thought("two", "A", { failing: ["reload"] });
  Object.assign(ill, { note: all[1]?.note, named: "B", served: "B" });
  const outcomes = messages(await recoverAll([all[0] as Thought, ill, all[2] as Thought], plain, never));
  assert.match(outcomes[1] ?? "", /^reload-failed/);
  assert.equal(all[0]?.note?.complete, true);
});
