import assert from "node:assert/strict";
import { test } from "node:test";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";

// What a roll does with its command is tested with es-roll.

const input = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ host: `h${i}`, batch: { id: "b", size: count } })}\n`,
  );

test("a thousand hosts in batches of a hundred", async () => {
  const records = input(1000);
  const ran = await expectStatus(0, "es-roll", ["10%", "-k", "--", "cat"], { input: records.join("") });
  assert.equal(ran.stdout, records.join(""));
  assert.match(ran.stderr, /all 10 batches: 1000 hosts ok, 0 failed$/m);
});

test("a directory of somebody else, or none, is no roll that we are in", async (t) => {
  const scripts = ["/no/such/directory", "/etc/hostname", ""];
  for (const ESSAY_ROLL of scripts) {
    const args = ["1", "--", "sh", "-c", 'echo "$ESSAY_ROLL" >&2; cat'];
    const { stderr } = await expectStatus(0, "es-roll", args, {
      input: input(1).join(""),
      env: { ESSAY_ROLL },
    });
    assert.match(stderr, /^\/.*\/essay-roll\.\S+$/m);
  }
  const mine = scratch(t);
  const args = ["1", "--", "sh", "-c", '[ "$ESSAY_ROLL" = "$0" ] && cat', mine];
  const { stdout } = await expectStatus(0, "es-roll", args, {
    input: input(1).join(""),
    env: { ESSAY_ROLL: mine },
  });
  assert.equal(recordsOf(stdout).length, 1);
});
