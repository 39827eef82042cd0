import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../../../lib/base/failure.js";
import { Full, NoRoom, Sessions } from "../../../lib/transport/ssh-sessions.js";

const start = (
  sessions: Sessions,
  open: (leave: () => void) => Promise<string>,
  ends = new AbortController(),
) => sessions.start(open, ends.signal);

/** A host that has room for some sessions, and counts one for a while after its end. */
function hostWith(room: number, after = 0) {
  let open = 0;
  let most = 0;
  const session = async (leave: () => void) => {
    await pause(5);
    if (open === room) throw new NoRoom("exec-failed", "no room");
    most = Math.max(most, ++open);
    setTimeout(() => {
      leave();
      setTimeout(() => open--, after);
    }, 30);
    return "opened";
  };
  return {
    session,
    get most() {
      return most;
    },
  };
}

test("no more at once than sshd allows by default", async () => {
  const host = hostWith(100);
  const sessions = new Sessions(10);
  await Promise.all(Array.from({ length: 25 }, () => start(sessions, host.session)));
  assert.equal(host.most, 10);
});

for (const [room, after] of [
  [3, 0],
  [2, 40],
  [1, 40],
] as const)
  test(`where ${room} fit, the others wait; a session counts ${after} ms after its end`, async () => {
    const host = hostWith(room, after);
    const sessions = new Sessions(10);
    const all = Array.from({ length: 8 }, () => start(sessions, host.session));
    assert.deepEqual(await Promise.all(all), Array(8).fill("opened"));
    assert.equal(host.most, room);
  });

test("where none fits, that is an error for all", async () => {
  const host = hostWith(0);
  const sessions = new Sessions(10);
  const all = await Promise.allSettled(Array.from({ length: 3 }, () => start(sessions, host.session)));
  assert.ok(all.every((one) => one.status === "rejected" && one.reason instanceof NoRoom));
});

test("another error gives the place back, and so does an abort", async () => {
  const sessions = new Sessions(1);
  const broken = async () => {
    throw new Failure("connection-lost", "gone");
  };
  await assert.rejects(start(sessions, broken), { code: "connection-lost" });
  const enough = new AbortController();
  const full = start(sessions, hostWith(0).session, enough);
  setTimeout(() => enough.abort(new Error("enough")), 20);
  await assert.rejects(full, /enough/);
  assert.equal(await start(sessions, hostWith(1).session), "opened");
});

const { signal } = new AbortController();
/** A session that is left when the test says so. */
async function held(sessions: Sessions, use: "passing" | "lasting"): Promise<() => void> {
  return sessions.start(async (leave) => leave, signal, use);
}

test("what lasts waits for nothing, and leaves room for what passes", async () => {
  const sessions = new Sessions(10);
  for (let i = 0; i < 4; i++) await held(sessions, "lasting");
  await assert.rejects(held(sessions, "lasting"), Full);
  const passing = await Promise.all(Array.from({ length: 6 }, () => held(sessions, "passing")));
  const seventh = held(sessions, "passing");
  passing[0]?.();
  await seventh;
  const small = new Sessions(1);
  const only = await held(small, "passing");
  await assert.rejects(held(small, "lasting"), Full);
  only();
  only();
  await held(small, "lasting");
  await assert.rejects(held(small, "passing"), Full);
});

test("what lasts is not waited for, though the host refuses more", async () => {
  const sessions = new Sessions(10);
  let asked = 0;
  const open = async () => {
    asked++;
    throw new NoRoom("exec-failed", "no room");
  };
  await sessions.start(async () => "held", signal, "lasting");
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => sessions.start(open, signal)));
  assert.ok(all.every((one) => one.status === "rejected" && one.reason instanceof Full));
  const before = asked;
  await assert.rejects(sessions.start(open, signal), Full);
  assert.equal(asked, before, "what was learned was forgotten");
});

test("what lasts goes elsewhere when the host refuses it beside others", async () => {
  const sessions = new Sessions(10);
  const leave = await held(sessions, "passing");
  const open = () => Promise.reject(new NoRoom("exec-failed", "no room"));
  await assert.rejects(sessions.start(open, signal, "lasting"), Full);
  leave();
  await assert.rejects(sessions.start(open, signal, "lasting"), NoRoom);
});
