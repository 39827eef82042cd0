import assert from "node:assert/strict";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Channel } from "../../../lib/transport/contract.js";
import { openTransport } from "../../../lib/transport/open.js";
import { openSession, type Session } from "../../../lib/transport/session-server.js";
import { runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { failureOf, labFor, targetOf } from "../../lab/reach.js";

const never = new AbortController().signal;

/** A session that ends with the test. */
async function session(t: TestContext, jobs = 30): Promise<Session> {
  const opened = await openSession({ jobs });
  t.after(() => opened.close());
  return opened;
}

async function textOf(stream: Channel["stdout"]): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe("hosts through a session", () => {
  const started = labFor({ hosts: 3, unknownKey: [1], refusing: [2] });
  const accepted = () => started.lab.log().match(/Accepted publickey/g)?.length ?? 0;
  const step = (t: TestContext, { variables }: Session, acceptNew = false) => {
    const options = { config: started.lab.sshConfig, acceptNew };
    const transport = openTransport(options, { session: variables.ESSAY_SESSION });
    t.after(() => transport.close());
    return transport;
  };

  test("two steps share a connection; what goes wrong is told as without a session", async (t) => {
    const opened = await session(t);
    assert.equal(statSync(dirname(opened.variables.ESSAY_SESSION)).mode & 0o777, 0o700);
    const [one, two] = [step(t, opened), step(t, opened)];
    const before = accepted();
    const target = targetOf(started.host(0));
    const ran = await Promise.all(
      [one, two, one, two].map((transport, place) =>
        runBody(`result from "$SSH_CONNECTION"; exit ${place}`, { transport, target }),
      ),
    );
    assert.deepEqual(
      ran.map(({ status }) => status),
      [0, 1, 2, 3],
    );
    assert.equal(new Set(ran.map(({ results }) => results.get("from"))).size, 1);
    assert.equal(accepted() - before, 1);
    const killed = await runBody("kill -KILL $$", { transport: one, target });
    assert.deepEqual([killed.status, killed.signal], [null, "KILL"]);
    const [unknown, refusing] = [targetOf(started.host(1)), targetOf(started.host(2))];
    assert.equal((await failureOf(one.start(unknown, "true", never))).code, "host-key-unknown");
    assert.equal((await failureOf(one.start(refusing, "true", never))).code, "refused");
    // One step learns the key; the connection is there for all others.
    const learned = await step(t, opened, true).start(unknown, "echo $SSH_CONNECTION", never);
    const again = await one.start(unknown, "echo $SSH_CONNECTION", never);
    assert.equal(await textOf(learned.stdout), await textOf(again.stdout));
  });

  test("a large payload waits with its reader, and comes whole", async (t) => {
    const opened = await session(t);
    const go = join(started.host(0).home, "go");
    const command = `while [ ! -e ${go} ]; do sleep 0.1; done; wc -c`;
    const channel = await step(t, opened).start(targetOf(started.host(0)), command, never);
    const chunk = Buffer.alloc(65_536, 7);
    const chunks = 1600; // 100 MB
    let sent = 0;
    const sending = (async () => {
      for (; sent < chunks; sent++) if (!channel.stdin.write(chunk)) await once(channel.stdin, "drain");
      channel.stdin.end();
    })();
    let before = -1;
    await until("the payload to wait", async () => {
      before = sent;
      await pause(500);
      return sent === before;
    });
    assert.ok(sent * chunk.length < 8_000_000, `${sent} of ${chunks} chunks went to a host that takes none`);
    writeFileSync(go, "");
    await sending;
    assert.equal((await textOf(channel.stdout)).trim(), String(chunks * chunk.length));
    assert.deepEqual(await channel.ended, { status: 0, signal: null });
  });

  test("much output waits with its reader, and comes whole", async (t) => {
    const channel = await step(t, await session(t)).start(
      targetOf(started.host(0)),
      "head -c 20000000 /dev/zero; head -c 1000000 /dev/zero >&2",
      never,
    );
    let bytes = 0;
    const errors = textOf(channel.stderr);
    for await (const chunk of channel.stdout) {
      if (bytes === 0) await pause(200);
      bytes += (chunk as Buffer).length;
    }
    assert.deepEqual([bytes, (await errors).length], [20_000_000, 1_000_000]);
  });

  test("a step that goes ends its commands; a session that goes ends those of all", async (t) => {
    const opened = await session(t);
    const target = targetOf(started.host(0));
    const [one, two] = [step(t, opened), step(t, opened)];
    let begun = 0;
    const run = (transport: typeof one) =>
      failureOf(runBody("sleep 1000 & result x y; sleep 1000", { transport, target, heard: () => begun++ }));
    const runs = [run(one), run(two)];
    await until("both commands", () => begun === 2);
    const count = () => processesOf(started.host(0).uid).length;
    const both = count();
    await one.close();
    assert.equal((await runs[0])?.code, "connection-lost");
    await until("the end of the first command", () => count() < both - 2);
    assert.equal(begun, 2);
    await opened.close();
    assert.equal((await runs[1])?.code, "connection-lost");
    await until("the end of all", () => count() === 0);
    const failure = await failureOf(step(t, opened).start(target, "true", never));
    assert.equal(failure.code, "no-session", failure.message);
  });

  test("steps that go while much is being sent to them harm no other", async (t) => {
    const opened = await session(t);
    const target = targetOf(started.host(0));
    const staying = step(t, opened);
    for (let i = 0; i < 5; i++) {
      const going = step(t, opened);
      const channel = await going.start(target, "while :; do echo much; done", never);
      await once(channel.stdout, "data");
      await going.close();
    }
    const channel = await staying.start(target, "echo there", never);
    assert.equal(await textOf(channel.stdout), "there\n");
    await channel.ended;
    await staying.close();
    await opened.idle();
  });

  test("places: as many as the session has, given back by a step that goes", async (t) => {
    const opened = await session(t, 2);
    const [one, two] = [step(t, opened), step(t, opened)];
    const first = await one.place?.(never);
    await one.place?.(never);
    const cancel = new AbortController();
    const third = failureOf(two.place?.(cancel.signal) ?? Promise.resolve());
    const fourth = two.place?.(never);
    cancel.abort(new Error("enough"));
    assert.equal((await third).message, "enough");
    first?.leave();
    (await fourth)?.leave();
    await two.place?.(never);
    await one.close();
    await two.place?.(never);
    await two.close();
    await opened.idle();
  });
});
