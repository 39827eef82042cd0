import assert from "node:assert/strict";
import { test } from "node:test";
import { confirmAll } from "../../../lib/nginx/confirm.js";
import { switchAll } from "../../../lib/nginx/switch.js";
import { dyingAt, messages, type Thought, thought, wish } from "../../lab/balancers.js";

const never = new AbortController().signal;
const plain = { plan: false, partial: false };

/** Balancers that serve B until the time for confirming is over. */
async function waiting<All extends Thought[]>(...all: All): Promise<All> {
  await switchAll(all, { ...wish, confirm: 5 }, never);
  for (const one of all) assert.ok(one.note?.guarded);
  return all;
}

test("all are told, and none goes back any more", async () => {
  const all = await waiting(thought("one"), thought("two"));
  assert.deepEqual(messages(await confirmAll(all, { ...plain, plan: true }, never)), [
    "B would be confirmed",
    "B would be confirmed",
  ]);
  const outcomes = await confirmAll(all, plain, never);
  const well = {
    nginx: { conf: "/f", from: "A", to: "B", live: "B" },
    changed: true,
    said: "B is served, and confirmed",
  };
  assert.deepEqual(outcomes, [well, well]);
  for (const one of all) {
    assert.deepEqual(one.phases.slice(-4), ["look", "hold 60", "commit", "keep"]);
    one.letTimeGoBy();
    assert.deepEqual([one.served, one.note, one.held], ["B", undefined, 0]);
  }
});

test("one that has gone back already: nothing is confirmed, and the others go back, too", async () => {
  const all = await waiting(thought("one"), thought("two"));
  all[1].letTimeGoBy();
  const outcomes = messages(await confirmAll(all, plain, never));
  assert.equal(
    outcomes[0],
    "not-attempted: not switched because two failed (nothing-to-confirm); A comes back in 5 s",
  );
  assert.match(outcomes[1] ?? "", /^nothing-to-confirm: no switch of \/f waits for confirmation: /);
});

test("one that is missing, or of another switch, or whose switch does not wait", async () => {
  const [one] = await waiting(thought("one"), thought("two"));
  assert.match(
    messages(await confirmAll([one], plain, never))[0] ?? "",
    /is about two, too, which is not among/,
  );

  const [other] = await waiting(thought("two"));
  assert.ok(other?.note);
  other.note.id = "s9";
  assert.match(
    messages(await confirmAll([one, other], plain, never))[1] ?? "",
    /is another one than that of one$/,
  );
  assert.match(messages(await confirmAll([other], plain, never))[0] ?? "", /^B is served/);

  assert.ok(one.note);
  one.note.guarded = false;
  assert.match(
    messages(await confirmAll([one], { ...plain, partial: true }, never))[0] ?? "",
    /^nothing-to-confirm: the switch to B \(ann@control\) does not wait for confirmation/,
  );
});

test("one that cannot be told to wait: all go back at once", async () => {
  const [one, two] = await waiting(thought("one"), thought("two"));
  const outcomes = messages(await confirmAll([one, ...dyingAt([two], 1, "before")], plain, never));
  assert.equal(outcomes[0], "undone: not confirmed because two failed (connection-lost); A is served again");
  assert.match(
    outcomes[1] ?? "",
    /^undo-failed: the control machine has died; B may be served until the time for confirming is over/,
  );
  two.letTimeGoBy();
  assert.deepEqual([one.served, two.served], ["A", "A"]);
});

test("one that could not be told that all is well is named; the others are confirmed", async () => {
  const [one, two] = await waiting(thought("one"), thought("two"));
  const outcomes = messages(await confirmAll([one, ...dyingAt([two], 2, "before")], plain, never));
  assert.equal(outcomes[0], "B is served, and confirmed");
  assert.match(
    outcomes[1] ?? "",
    /the others are confirmed, and this one goes back to A within 60 s unless it was told/,
  );
  // What the first one knows is kept until the other one knows it, too.
  assert.equal(one.note?.complete, true);
});
