import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import type { Transport, Use } from "../../../lib/transport/contract.js";
import { hold } from "../../../lib/transport/hold.js";
import { openTransport } from "../../../lib/transport/open.js";
import { until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";

test("holds until it is told to end, and says why it has ended; who does not get it, too", async (t) => {
  const at = scratch(t);
  const transport = openTransport({ config: undefined, acceptNew: false }, { session: undefined });
  t.after(() => transport.close());
  const uses: (Use | undefined)[] = [];
  const watched: Transport = {
    locks: { session: undefined, owner: "me", wait: 0 },
    start: (target, command, signal, use) => {
      uses.push(use);
      return transport.start(target, command, signal, use);
    },
    close: async () => {},
  };
  const here = { host: "@local", transport: "local" } as const;
  const script = {
    parts: ["state", "hold", "lock"],
    args: [join(at, "a"), "0", "1", "0"],
    code: "it-failed",
  };
  const holding = (end: AbortController) => {
    const seen = { held: false };
    const over = hold(watched, here, script, end.signal, () => {
      seen.held = true;
    });
    return { seen, over };
  };

  assert.equal((await holding(new AbortController()).over).code, "no-venv");
  assert.deepEqual(readdirSync(at), []);
  uses.length = 0;

  mkdirSync(join(at, "a"));
  const [first, second] = [new AbortController(), new AbortController()];
  const one = holding(first);
  await until("the lock", () => one.seen.held);
  const two = holding(second);
  assert.equal((await two.over).code, "locked");
  assert.equal(two.seen.held, false);
  assert.notEqual(readFileSync(join(at, ".essay/a.deploy"), "utf8"), "");

  first.abort(new Failure("cancelled", "enough"));
  assert.equal((await one.over).message, "enough");
  assert.equal(readFileSync(join(at, ".essay/a.deploy"), "utf8"), "");
  // What it holds is no matter of moments, for which others could wait.
  assert.deepEqual(uses, ["lasting", "lasting"]);
});
