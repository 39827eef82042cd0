import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runAllOnHost } from "../../lib/host-runs.js";
import { Once } from "../../lib/run/once.js";
import { LocalTransport } from "../../lib/transport/local.js";
import { scratch } from "../lab/program.js";

const common = { script: undefined, variables: [], directory: undefined, looks: true };

/** A host without a virtualenv, and a directory. */
function host(t: TestContext) {
  const at = scratch(t);
  const run = (commands: { words: string[]; once?: Once }[], plan = false, name = "@local") =>
    runAllOnHost(
      new LocalTransport(),
      { host: name, transport: "local" },
      commands.map(({ words, once }) => ({ words, once })),
      common,
      { signal: new AbortController().signal, plan, show: undefined },
    );
  return { at, run };
}

test("one after the other, until one fails", async (t) => {
  const { at, run } = host(t);
  const never = join(at, "never");
  const runs = await run([{ words: ["echo", "a"] }, { words: ["false"] }, { words: ["touch", never] }]);
  assert.deepEqual([runs.begun, runs.ran?.exit, runs.failed?.code], [true, 1, "command-failed"]);
  assert.equal(runs.said, "echo a: a; false run");
  assert.ok(!existsSync(never));
});

test("what another host has run for all is not run again; where it failed there, none goes on", async (t) => {
  const { run } = host(t);
  const once = new Once(undefined, ["x"]);
  const [first, second] = [
    await run([{ words: ["echo", "a"], once }]),
    await run([{ words: ["echo", "a"], once }]),
  ];
  assert.deepEqual([first.begun, first.ran?.stdout], [true, "a\n"]);
  assert.deepEqual([second.begun, second.ran], [false, { args: ["echo", "a"], exit: 0, once: "@local" }]);
  assert.equal(second.said, "echo a run on @local");
  const words = ["echo", "https://ann:geheim@pypi.example/"];
  const told = new Once(undefined, ["z"]);
  for (const _ of [1, 2]) {
    const { ran } = await run([{ words, once: told }]);
    assert.doesNotMatch(JSON.stringify(ran), /geheim/);
  }
  const bad = new Once(undefined, ["y"]);
  assert.equal((await run([{ words: ["false"], once: bad }])).failed?.code, "command-failed");
  await assert.rejects(run([{ words: ["false"], once: bad }], false, "other"), {
    code: "once-failed",
    message: "not run here, as on @local it failed: false ended with status 1",
  });
});

test("in a dry run each host says what it would do, and nothing is run", async (t) => {
  const { run } = host(t);
  const once = new Once(undefined, ["x"]);
  for (const _ of [1, 2]) {
    const runs = await run([{ words: ["false"], once }], true);
    assert.deepEqual(
      [runs.begun, runs.ran, runs.failed, runs.said],
      [true, undefined, undefined, "false run"],
    );
  }
});
