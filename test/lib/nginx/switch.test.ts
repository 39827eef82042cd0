import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import type { Balancer } from "../../../lib/nginx/balancer.js";
import { switchAll } from "../../../lib/nginx/switch.js";
import { messages, thought, wish } from "../../lab/balancers.js";

const never = new AbortController().signal;

const edit = (labels: string, confirm = 0) => `edit old new ${confirm} ann@control 7:8 ${labels}`;

test("all are well: each is looked at, edited, reloaded, told that all is complete", async () => {
  const all = [thought("one"), thought("two")];
  const well = {
    nginx: { conf: "/f", from: "A", to: "B", live: "B" },
    changed: true,
    said: "B is served (was A, 1 place of /f)",
  };
  assert.deepEqual(await switchAll(all, wish, never), [well, well]);
  for (const { phases, note, served, held } of all) {
    assert.deepEqual(phases, ["look", edit("one two"), "reload", "commit", "keep"]);
    assert.deepEqual([note, served, held], [undefined, "B", 0]);
  }
});

test("one that another run has: nothing is touched, and all are given back", async () => {
  const all = [thought("one"), thought("two", "A", { failing: ["lock"] })];
  assert.deepEqual(messages(await switchAll(all, wish, never)), [
    "not-attempted: not switched because two failed (locked); A is served",
    "locked: locked by another",
  ]);
  assert.deepEqual(
    all.map(({ phases, held }) => [phases, held]),
    [
      [["look"], 0],
      [[], 0],
    ],
  );
});

test("one that cannot be looked at: nothing is edited anywhere", async () => {
  const well = thought("one");
  const outcomes = await switchAll([well, thought("two", "A", { failing: ["look"] })], wish, never);
  assert.deepEqual(messages(outcomes), [
    "not-attempted: not switched because two failed (look-failed); A is served",
    "look-failed: look failed",
  ]);
  assert.deepEqual(well.phases, ["look"]);
});

test("one that cannot be edited: the others get their old text, and are not reloaded", async () => {
  const well = thought("one");
  const ill = thought("two", "A", { failing: ["edit"] });
  const done = thought("three", "B");
  const outcomes = await switchAll([well, ill, done], wish, never);
  assert.deepEqual(messages(outcomes), [
    "undone: switched back because two failed (edit-failed); /f has its old text again, A is served",
    "edit-failed: edit failed; A is served",
    "not-attempted: not switched because two failed (edit-failed); B is served",
  ]);
  assert.deepEqual(well.phases, ["look", edit("one two"), "undo -"]);
  assert.deepEqual(done.phases, ["look"]);
});

test("one that cannot be reloaded: all are edited back and reloaded", async () => {
  const well = thought("one");
  const outcomes = await switchAll([well, thought("two", "A", { failing: ["reload"] })], wish, never);
  assert.deepEqual(messages(outcomes), [
    "undone: switched back because two failed (reload-failed); /f has its old text again, nginx was reloaded, A is served",
    "reload-failed: reload failed; /f has its old text again, nginx was reloaded, A is served",
  ]);
  assert.deepEqual(well.phases, ["look", edit("one two"), "reload", "undo reload"]);
});

test("one that does not show the new version: all go back", async () => {
  const all = [thought("one"), thought("two", "A", { failing: ["probe"] }), thought("three", "B")];
  const outcomes = await switchAll(all, { ...wish, probe: true }, never);
  assert.deepEqual(messages(outcomes), [
    "undone: switched back because two failed (probe-failed); /f has its old text again, nginx was reloaded, A is served",
    "probe-failed: probe failed; /f has its old text again, nginx was reloaded, A is served",
    "not-attempted: not switched because two failed (probe-failed); B is served",
  ]);
  assert.deepEqual(
    all.map(({ served, note }) => [served, note]),
    [
      ["A", undefined],
      ["A", undefined],
      ["B", undefined],
    ],
  );
});

test("going back that fails is said with its cause", async () => {
  const all = [
    thought("one", "A", { failing: ["undo"] }),
    thought("two", "A", { failing: ["reload", "undo"] }),
  ];
  const way = "run es-nginx-switch --recover when it can be reached, and look at /f";
  assert.deepEqual(messages(await switchAll(all, wish, never)), [
    `undo-failed: two failed (reload-failed); going back failed, too: undo failed; ${way}`,
    `undo-failed: reload failed; then going back failed, too: undo failed; ${way}`,
  ]);
});

test("what is switched already is left alone, unless nginx may not have read it", async () => {
  const done = thought("done", "B");
  const unread = thought("unread", "B", { unread: true });
  assert.deepEqual(messages(await switchAll([done, unread], wish, never)), [
    "B is served already",
    "B is served (reloaded; /f named it already)",
  ]);
  assert.deepEqual(done.phases, ["look"]);
  assert.deepEqual(unread.phases, ["look", "edit old old 0 ann@control  unread", "reload", "keep"]);
});

test("a plan only looks", async () => {
  const cut = thought("cut");
  cut.note = { from: "A", to: "B", id: "s0", labels: ["cut"], complete: false, guarded: false };
  const all = [thought("one"), thought("two", "B"), thought("three", "B", { unread: true }), cut];
  const nginx = { conf: "/f", from: "A", to: "B" };
  assert.deepEqual(await switchAll(all, { ...wish, plan: true }, never), [
    {
      nginx: { ...nginx, live: "A" },
      changed: true,
      said: "would put B in 1 place of /f and reload; A is served",
    },
    { nginx: { ...nginx, live: "B" }, changed: false, said: "B is served already" },
    {
      nginx: { ...nginx, live: null },
      changed: true,
      said: "would reload; /f names B, but nginx may not have read it",
    },
    {
      nginx: { ...nginx, live: null },
      changed: true,
      said: "would first end the switch to B that was cut short (ann@control), then switch to B",
    },
  ]);
  for (const { phases } of all) assert.deepEqual(phases, ["look"]);
});

test("cancelled between the phases, all go back", async () => {
  const stop = new AbortController();
  const one = thought("one");
  const two = thought("two");
  const stopping: Balancer = {
    ...one,
    act: async (phase, ...asked) => {
      const said = await one.act(phase, ...asked);
      if (phase === "edit") stop.abort(new Failure("cancelled", "cancelled by SIGINT"));
      return said;
    },
  };
  const outcomes = await switchAll([stopping, two], wish, stop.signal);
  assert.equal(
    messages(outcomes)[0],
    "cancelled: cancelled by SIGINT; /f has its old text again, A is served",
  );
  assert.deepEqual([one.named, two.named, one.note, two.note], ["A", "A", undefined, undefined]);
});

test("who could not be told that all is complete is named, and nobody forgets it", async () => {
  const all = [thought("one", "A", { failing: ["commit"] }), thought("two")];
  const [one, two] = messages(await switchAll(all, wish, never));
  assert.match(
    one ?? "",
    /^commit-failed: commit failed; B is served, but .*: run es-nginx-switch --recover$/,
  );
  assert.match(two ?? "", /^B is served/);
  assert.equal(all[1]?.note?.complete, true);
});

test("where a note stays behind that all is complete, the switch is complete", async () => {
  const all = [thought("one", "A", { failing: ["keep"] }), thought("two")];
  const [outcome] = await switchAll(all, wish, never);
  assert.ok(!(outcome instanceof Failure));
  assert.equal(outcome?.nginx?.live, "B");
  assert.equal(all[0]?.note?.complete, true);

  const [alone] = messages(await switchAll([thought("one", "A", { failing: ["keep"] })], wish, never));
  assert.match(alone ?? "", /^keep-failed: keep failed; B is served, but /);
});

test("what is to be confirmed keeps its notes, and goes back by itself", async () => {
  const all = [thought("one"), thought("two")];
  assert.deepEqual(messages(await switchAll(all, { ...wish, confirm: 5 }, never)), [
    "B is served (was A, 1 place of /f); A comes back in 5 s unless es-nginx-switch --confirm-now is run before",
    "B is served (was A, 1 place of /f); A comes back in 5 s unless es-nginx-switch --confirm-now is run before",
  ]);
  assert.deepEqual(all[0]?.phases, ["look", edit("one two", 5), "reload", "hold 5"]);

  const other = messages(await switchAll(all, { ...wish, from: "B", to: "A", id: "s2" }, never));
  assert.match(
    other[0] ?? "",
    /^unconfirmed: the switch to B \(ann@control\) waits for confirmation, and goes back by itself in 5 s: /,
  );
  for (const one of all) {
    one.letTimeGoBy();
    assert.deepEqual([one.named, one.served, one.note], ["A", "A", undefined]);
  }
});

test("one that has gone back by itself before all were switched: all go back", async () => {
  const [one, two] = [thought("one"), thought("two")];
  const slow: Balancer = {
    ...two,
    act: (phase, ...asked) => {
      if (phase === "reload") two.letTimeGoBy();
      return two.act(phase, ...asked);
    },
  };
  const outcomes = messages(await switchAll([one, slow], { ...wish, confirm: 1 }, never));
  assert.match(outcomes[0] ?? "", /^undone: switched back because two failed \(switched-back\)/);
  assert.match(outcomes[1] ?? "", /^switched-back: taken back meanwhile; A is served$/);
  assert.deepEqual([one.served, two.served, one.note, two.note], ["A", "A", undefined, undefined]);
});

test("waits for the old workers when all are switched", async () => {
  const all = [thought("one"), thought("two", "A", { failing: ["drain"] }), thought("three", "B")];
  assert.deepEqual(messages(await switchAll(all, { ...wish, drain: true }, never)), [
    "B is served (was A, 1 place of /f)",
    "drain-failed: B is served; the old workers were not seen to end: drain failed",
    "B is served already",
  ]);
  assert.equal(all[0]?.phases.at(-1), "drain");
});
