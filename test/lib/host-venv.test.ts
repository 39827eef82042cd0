import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../lib/base/failure.js";
import { Settings } from "../../lib/config/settings.js";
import { plannedVenv, prefixFor, refuseLive, venvFor, wouldHaveChanged } from "../../lib/host-venv.js";

const settings = new Settings({
  file: undefined,
  directory: "/x",
  values: { project: "demo" },
  projectName: undefined,
});

test("the prefix: flag, record, or the project's in the home directory", () => {
  assert.equal(prefixFor(settings, "/srv/flag", { prefix: "/srv/record" }), "/srv/flag");
  assert.equal(prefixFor(settings, undefined, { prefix: "/srv/record" }), "/srv/record");
  assert.equal(prefixFor(settings, undefined, {}), "~/demo");
});

test("the virtualenv: the one named, otherwise the record's", () => {
  const venv = { name: "a", path: "/srv/demo/a" };
  assert.deepEqual(venvFor(settings, undefined, { venv }), venv);
  assert.deepEqual(venvFor(settings, "a", { venv, prefix: "/elsewhere" }), venv);
  assert.deepEqual(venvFor(settings, "b", { venv, prefix: "/srv/demo/" }), {
    name: "b",
    path: "/srv/demo/b",
  });
  assert.throws(() => venvFor(settings, undefined, {}), { code: "no-venv" });
  assert.throws(() => venvFor(settings, "../b", { prefix: "/srv" }));
});

test("the live virtualenv is refused unless allowed", () => {
  assert.throws(() => refuseLive("a", { live: "a" }, false), Failure);
  refuseLive("a", { live: "a" }, true);
  refuseLive("a", { live: "b" }, false);
  refuseLive("a", {}, false);
});

test("what es-venv would have done, as the trace of a dry run tells", () => {
  const entry = (changed: boolean, ...args: string[]) => ({
    ...{ step: "es-venv", args, at: "", ms: 1, changed },
    plan: true,
  });
  assert.equal(plannedVenv({ plan: true, trace: [entry(true, "a")] }), "mended");
  assert.equal(plannedVenv({ plan: true, trace: [entry(true, "a", "--recreate")] }), "made");
  assert.equal(plannedVenv({ plan: true, trace: [entry(false, "a", "--recreate")] }), undefined);
  assert.equal(plannedVenv({ plan: true }), undefined);
  assert.equal(plannedVenv({ trace: [entry(true, "a")] }), undefined);
  // An earlier run was none.
  const { plan: _, ...done } = entry(true, "a", "--recreate");
  assert.equal(plannedVenv({ plan: true, trace: [done] }), undefined);
});

test("what steps would have changed, as the trace of a dry run tells", () => {
  const entry = { step: "es-pip", args: [], at: "", ms: 1, changed: true, plan: true };
  const { plan: _, ...done } = entry;
  const steps = ["es-venv", "es-pip"];
  assert.equal(wouldHaveChanged({ plan: true, trace: [entry] }, steps), true);
  assert.equal(wouldHaveChanged({ plan: true, trace: [{ ...entry, changed: false }] }, steps), false);
  assert.equal(wouldHaveChanged({ plan: true, trace: [done] }, steps), false);
  assert.equal(wouldHaveChanged({ plan: true, trace: [entry] }, ["es-venv"]), false);
  assert.equal(wouldHaveChanged({ trace: [entry] }, steps), false);
  assert.equal(wouldHaveChanged({ plan: true }, steps), false);
});
