import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Shared } from "../../../lib/transport/ssh-sharing.js";

/** A connection that opens and ends when the test says so. */
function connection() {
  let end = () => {};
  const closed = new Promise<void>((resolve) => {
    end = resolve;
  });
  let closes = 0;
  const close = async () => {
    closes++;
    end();
  };
  return { closed, close, end, times: () => closes };
}

const { signal } = new AbortController();

test("all who wait get the same connection; it is forgotten when it ends", async () => {
  const one = connection();
  let opened = 0;
  let forgotten = 0;
  const open = async () => {
    opened++;
    return one;
  };
  const shared = new Shared(open, () => {
    forgotten++;
  });
  assert.deepEqual(await Promise.all([shared.wait(signal), shared.wait(signal)]), [one, one]);
  assert.deepEqual([opened, forgotten], [1, 0]);
  one.end();
  await turn();
  assert.equal(forgotten, 1);
});

test("it is given up when the last one who waits has gone, not before", async () => {
  let givenUp: AbortSignal | undefined;
  const shared = new Shared(
    (giveUp) => {
      givenUp = giveUp;
      return new Promise<never>((_, reject) => giveUp.addEventListener("abort", () => reject(giveUp.reason)));
    },
    () => {},
  );
  const [first, second] = [new AbortController(), new AbortController()];
  const waits = [shared.wait(first.signal), shared.wait(second.signal)].map((wait) =>
    assert.rejects(wait, /enough/),
  );
  first.abort(new Error("enough"));
  await turn();
  assert.equal(givenUp?.aborted, false);
  second.abort(new Error("enough"));
  await Promise.all(waits);
  assert.equal(givenUp?.aborted, true);
});

test("what opens after it was given up is closed", async () => {
  const one = connection();
  let open: (made: typeof one) => void = () => {};
  const shared = new Shared(
    () =>
      new Promise<typeof one>((resolve) => {
        open = resolve;
      }),
    () => {},
  );
  const closing = shared.close();
  open(one);
  await closing;
  assert.ok(one.times() > 0);
});
