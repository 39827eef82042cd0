import assert from "node:assert/strict";
import { test } from "node:test";
import { tryCase } from "../../../lib/conform/trial.js";

const never = new AbortController().signal;
const sh = (script: string) => ["sh", "-c", script];

test("input, outputs and status", async () => {
  const trial = await tryCase(sh("cat; echo oh >&2; exit 3"), { stdin: "é\n" }, 20_000, never);
  assert.deepEqual(trial, { status: 3, signal: undefined, late: false, stdout: "é\n", stderr: "oh\n" });
});

test("a signal, and an input that is not read", async () => {
  const trial = await tryCase(sh("kill -TERM $$"), { stdin: "x".repeat(1 << 20) }, 20_000, never);
  assert.deepEqual([trial.status, trial.signal, trial.late], [undefined, "SIGTERM", false]);
});

test("an output that nobody reads is closed from the beginning", async () => {
  const script = "trap '' PIPE; sleep 0.2; echo x || exit 7";
  const trial = await tryCase(sh(script), { stdin: "", unread: true }, 20_000, never);
  assert.equal(trial.status, 7);
});

test("what does not end is killed with what it has started, when its time is over or the run is", async () => {
  const late = await tryCase(sh("sleep 300 & sleep 300"), { stdin: "" }, 100, never);
  assert.deepEqual([late.signal, late.late], ["SIGKILL", true]);
  const ended = new AbortController();
  const trial = tryCase(sh("sleep 300 & sleep 300"), { stdin: "" }, 0, ended.signal);
  ended.abort();
  assert.deepEqual([(await trial).signal, (await trial).late], ["SIGKILL", false]);
});

test("what it leaves behind does not keep us", async () => {
  const trial = await tryCase(sh("sleep 300 & echo done"), { stdin: "" }, 60_000, never);
  assert.deepEqual([trial.status, trial.late, trial.stdout], [0, false, "done\n"]);
});

test("a command that is not there", async () => {
  await assert.rejects(tryCase(["no-such-program"], { stdin: "" }, 1000, never), {
    code: "no-command",
    message: "cannot run no-such-program: there is no such command",
  });
});
