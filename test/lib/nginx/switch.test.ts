import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { type Balancer, type Phase, switchAll } from "../../../lib/nginx/switch.js";

const wish = { from: "A", to: "B", plan: false };
const never = new AbortController().signal;

interface Fake extends Balancer {
  phases: string[];
}

/** A balancer that sees what it is told to see, fails in the given phases, and notes what it was asked for. */
function fake(label: string, sees: Record<string, string> = {}, failing: readonly Phase[] = []): Fake {
  const phases: string[] = [];
  return {
    label,
    phases,
    act: async (phase, args) => {
      phases.push([phase, ...args].join(" "));
      if (failing.includes(phase)) throw new Failure(`${phase}-failed`, `${phase} failed`);
      const answers: Record<Phase, Record<string, string>> = {
        look: {
          file: "/f",
          state: "from",
          places: "1",
          loaded: "yes",
          sum: "old",
          after: sees.state === "to" ? "old" : "new",
          ...sees,
        },
        edit: {},
        reload: {},
        undo: phases.some((one) => one.startsWith("reload"))
          ? { restored: "yes", reloaded: "yes" }
          : { restored: "yes" },
        keep: {},
      };
      return new Map(Object.entries(answers[phase]));
    },
  };
}

const messages = (outcomes: readonly unknown[]) =>
  outcomes.map((outcome) =>
    outcome instanceof Failure ? `${outcome.code}: ${outcome.message}` : (outcome as { said: string }).said,
  );

test("all are well: each is looked at, edited, reloaded, kept", async () => {
  const all = [fake("one"), fake("two")];
  assert.deepEqual(await switchAll(all, wish, never), [
    { conf: "/f", live: "B", changed: true, said: "B is served (was A, 1 place of /f)" },
    { conf: "/f", live: "B", changed: true, said: "B is served (was A, 1 place of /f)" },
  ]);
  for (const { phases } of all)
    assert.deepEqual(phases, ["look", "edit old new", "reload old new", "keep old new"]);
});

test("one that cannot be looked at: nothing is edited anywhere", async () => {
  const well = fake("one");
  const outcomes = await switchAll([well, fake("two", {}, ["look"])], wish, never);
  assert.deepEqual(messages(outcomes), [
    "not-attempted: not switched because two failed (look-failed); A is served",
    "look-failed: look failed",
  ]);
  assert.deepEqual(well.phases, ["look"]);
});

test("one that cannot be edited: the others get their old text, and are not reloaded", async () => {
  const well = fake("one");
  const ill = fake("two", {}, ["edit"]);
  const done = fake("three", { state: "to" });
  const outcomes = await switchAll([well, ill, done], wish, never);
  assert.deepEqual(messages(outcomes), [
    "undone: switched back because two failed (edit-failed); /f has its old text again, A is served",
    "edit-failed: edit failed; /f has its old text again, A is served",
    "not-attempted: not switched because two failed (edit-failed); B is served",
  ]);
  assert.deepEqual(well.phases, ["look", "edit old new", "undo old new -"]);
  assert.deepEqual(ill.phases, ["look", "edit old new", "undo old new -"]);
  assert.deepEqual(done.phases, ["look"]);
});

test("one that cannot be reloaded: all are edited back and reloaded", async () => {
  const well = fake("one");
  const outcomes = await switchAll([well, fake("two", {}, ["reload"])], wish, never);
  assert.deepEqual(messages(outcomes), [
    "undone: switched back because two failed (reload-failed); /f has its old text again, nginx was reloaded, A is served",
    "reload-failed: reload failed; /f has its old text again, nginx was reloaded, A is served",
  ]);
  assert.deepEqual(well.phases, ["look", "edit old new", "reload old new", "undo old new reloaded"]);
});

test("going back that fails is said with its cause", async () => {
  const all = [fake("one", {}, ["undo"]), fake("two", {}, ["reload", "undo"])];
  assert.deepEqual(messages(await switchAll(all, wish, never)), [
    "undo-failed: two failed (reload-failed); going back failed, too: undo failed; look at /f, and run the switch again",
    "undo-failed: reload failed; then going back failed, too: undo failed; look at /f, and run the switch again",
  ]);
});

test("what is switched already is left alone, unless nginx may not have read it", async () => {
  const done = fake("done", { state: "to" });
  const unread = fake("unread", { state: "to", loaded: "no" });
  const cut = fake("cut", { state: "to", leftover: "yes" });
  assert.deepEqual(messages(await switchAll([done, unread, cut], wish, never)), [
    "B is served already",
    "B is served (reloaded; /f named it already)",
    "B is served (reloaded; /f named it already)",
  ]);
  assert.deepEqual(done.phases, ["look"]);
  assert.deepEqual(unread.phases, ["look", "edit old old", "reload old old", "keep old old"]);
});

test("a plan only looks", async () => {
  const all = [
    fake("one", { places: "2" }),
    fake("two", { state: "to" }),
    fake("three", { state: "to", loaded: "no" }),
  ];
  const outcomes = await switchAll(all, { ...wish, plan: true }, never);
  assert.deepEqual(outcomes, [
    {
      conf: "/f",
      live: "A",
      changed: true,
      said: "would put B in 2 places of /f and reload; A is served",
    },
    { conf: "/f", live: "B", changed: false, said: "B is served already" },
    {
      conf: "/f",
      live: null,
      changed: true,
      said: "would reload; /f names B, but nginx may not have read it",
    },
  ]);
  for (const { phases } of all) assert.deepEqual(phases, ["look"]);
});

test("cancelled between the phases, all go back", async () => {
  const stop = new AbortController();
  const one = fake("one");
  const two = fake("two");
  const stopping: Balancer = {
    label: "one",
    act: async (phase, args, signal) => {
      if (phase === "edit") stop.abort(new Failure("cancelled", "cancelled by SIGINT"));
      return one.act(phase, args, signal);
    },
  };
  assert.deepEqual(messages(await switchAll([stopping, two], wish, stop.signal)), [
    "cancelled: cancelled by SIGINT; /f has its old text again, A is served",
    "cancelled: cancelled by SIGINT; A is served",
  ]);
  assert.deepEqual(one.phases, ["look", "edit old new", "undo old new -"]);
  assert.deepEqual(two.phases, ["look"]);
});

test("where the old text stays behind, the switch is complete all the same", async () => {
  const [outcome] = await switchAll([fake("one", {}, ["keep"])], wish, never);
  assert.ok(!(outcome instanceof Failure));
  assert.equal(outcome?.live, "B");
});
