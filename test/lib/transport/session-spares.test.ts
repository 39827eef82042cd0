import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Failure } from "../../../lib/base/failure.js";
import type { Channel, Ended, Use } from "../../../lib/transport/contract.js";
import { Spares } from "../../../lib/transport/session-spares.js";
import { until } from "../../lab/processes.js";

const { signal } = new AbortController();

/** Channels that begin as late as the test says; a number for each, in the order in which they were opened. */
function host(t: TestContext, { delay, ms = 60_000 }: { delay?: number; ms?: number }) {
  const dropped: number[] = [];
  const ends: (() => void)[] = [];
  const opened: Channel[] = [];
  let refused: Use | undefined;
  const open = async (_: AbortSignal, use: Use): Promise<Channel> => {
    await turn();
    if (use === refused) throw new Failure("exec-failed", "no room");
    const number = opened.length;
    const ended = new Promise<Ended>((resolve) => {
      ends.push(() => resolve({ status: 125, signal: null }));
    });
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const destroy = () => void dropped.push(number);
    const channel = { ...streams, ended, destroy, ...(delay !== undefined && { delay }) };
    opened.push(channel);
    return channel;
  };
  t.after(() => ends.forEach((end) => void end()));
  const spares = new Spares(ms);
  /** The number of the channel that the next step gets. */
  const start = async () => opened.indexOf(await spares.start("host", open, signal));
  return {
    ...{ dropped, ends, opened, start, spares, open },
    refuse: (use: Use | undefined) => {
      refused = use;
    },
  };
}

const settled = async () => {
  for (let count = 0; count < 5; count++) await turn();
};

test("on a near host, and where it is not known, none waits", async (t) => {
  for (const delay of [undefined, 60]) {
    const { start, opened } = host(t, delay === undefined ? {} : { delay });
    assert.equal(await start(), 0);
    await settled();
    assert.equal(await start(), 1);
    assert.equal(opened.length, 2);
  }
});

test("on a far host two wait, and each that is taken is replaced", async (t) => {
  const { start, opened, dropped } = host(t, { delay: 61 });
  assert.equal(await start(), 0);
  await settled();
  assert.equal(opened.length, 3);
  assert.deepEqual([await start(), await start()], [1, 2]);
  await settled();
  assert.equal(opened.length, 5);
  assert.deepEqual(dropped, []);
});

test("those who come while it still opens wait for it, each for its own", async (t) => {
  const { start, opened } = host(t, { delay: 100 });
  await start();
  assert.equal(opened.length, 1);
  const got = await Promise.all([start(), start(), start(), start()]);
  assert.equal(new Set(got).size, 4);
});

test("one that has ended, or that nobody took in time, is not given to anybody", async (t) => {
  const ended = host(t, { delay: 100 });
  await ended.start();
  await settled();
  for (const end of ended.ends) end();
  await settled();
  assert.equal(await ended.start(), 3);

  const late = host(t, { delay: 100, ms: 1 });
  await late.start();
  await settled();
  await until("both to be dropped", () => late.dropped.length === 2);
  assert.deepEqual(late.dropped, [1, 2]);
  assert.equal(await late.start(), 3);
});

test("one that cannot be opened is nobody's failure, and no other is tried; what a step opens fails for it", async (t) => {
  const { start, refuse, opened } = host(t, { delay: 100 });
  refuse("passing");
  await assert.rejects(start, /no room/);
  refuse("spare");
  assert.equal(await start(), 0);
  assert.equal(await start(), 1);
  await settled();
  assert.equal(await start(), 2);
  refuse(undefined);
  await settled();
  assert.equal(opened.length, 3);
});

test("a step that has given up leaves what it waited for to nobody", async (t) => {
  const { spares, open, start, dropped } = host(t, { delay: 100 });
  await start();
  const cancel = new AbortController();
  const waiting = spares.start("host", open, cancel.signal);
  cancel.abort(new Error("given up"));
  await assert.rejects(waiting, /given up/);
  await settled();
  assert.equal(dropped.length, 1);
});
