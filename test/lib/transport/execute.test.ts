import assert from "node:assert/strict";
import { syncBuiltinESMExports } from "node:module";
import { PassThrough, Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { Failure } from "../../../lib/base/failure.js";
import type { Channel, Ended, Job, Transport } from "../../../lib/transport/contract.js";
import { execute } from "../../../lib/transport/execute.js";
import { LocalTransport } from "../../../lib/transport/local.js";
import { identity, until } from "../../lab/processes.js";

const local = new LocalTransport();
const here = { host: "here" };

interface Heard {
  out: string;
  err: string;
}

function jobOf(program: string, more: Partial<Job> = {}): Job & Heard {
  const job = {
    program,
    ready: "ready now",
    become: undefined,
    payload: undefined,
    signal: new AbortController().signal,
    out: "",
    err: "",
    stdout: (chunk: Buffer) => {
      job.out += chunk;
    },
    stderr: (chunk: Buffer) => {
      job.err += chunk;
    },
    ...more,
  };
  return job;
}

/** A channel that the test plays. */
function played(): {
  transport: Transport;
  stdout: PassThrough;
  stderr: PassThrough;
  end(ended: Ended): void;
  lose(why?: Error): void;
} {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let end = (_: Ended) => {};
  let lose = (_?: Error) => {};
  const ended = new Promise<Ended>((resolve, reject) => {
    end = resolve;
    lose = (why = new Error("lost")) => reject(why);
  });
  const channel: Channel = {
    stdin: new PassThrough().resume(),
    stdout,
    stderr,
    ended,
    destroy: () => {
      stdout.destroy();
      stderr.destroy();
    },
  };
  return {
    transport: { start: async () => channel, close: async () => {} },
    stdout,
    stderr,
    end,
    lose,
  };
}

/** Stops the clock; it goes on by as many milliseconds as the function that it returns is told. */
function stoppedClock(t: TestContext): (ms: number) => Promise<void> {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  // For those who import a timer by its name.
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.timers.reset();
    syncBuiltinESMExports();
  });
  return async (ms) => {
    // What came before is heard first, and what comes of the time afterwards.
    await turn();
    t.mock.timers.tick(ms);
    await turn();
  };
}

test("what comes before the line ready is dropped, wherever the chunks are cut", async () => {
  for (const cut of [1, 2, 3, 7, 1000]) {
    const play = played();
    const job = jobOf("");
    const done = execute(play.transport, here, job);
    const said = "noise ready noise\nready nowhere\nno end of line: ready now\nthe output\nready now\n";
    for (let at = 0; at < said.length; at += cut) play.stdout.write(said.slice(at, at + cut));
    play.stdout.end();
    play.stderr.end();
    play.end({ status: 0, signal: null });
    assert.deepEqual(await done, { status: 0, signal: null, ready: true });
    assert.equal(job.out, "the output\nready now\n");
  }
});

test("a shell that never ran the program is told by ready", async () => {
  const job = jobOf("exit 7");
  assert.deepEqual(await execute(local, here, job), { status: 7, signal: null, ready: false });
  assert.equal(job.out, "");
});

test("output of 10 MB without an end of line, binary, with a slow taker, comes whole after the exit", async () => {
  let bytes = 0;
  const job = jobOf("echo ready now; echo err >&2; head -c 10000000 /dev/zero", {
    stdout: async (chunk) => {
      bytes += chunk.length;
      await pause(1);
    },
  });
  assert.deepEqual(await execute(local, here, job), { status: 0, signal: null, ready: true });
  assert.equal(bytes, 10_000_000);
});

test("output that still flows after the exit is waited for, a trickle is not", async (t) => {
  const goOn = stoppedClock(t);
  const play = played();
  const job = jobOf("");
  let ended = false;
  const done = execute(play.transport, here, job).finally(() => {
    ended = true;
  });
  play.end({ status: 0, signal: null });
  play.stdout.write("ready now\n");
  for (let times = 0; times < 4; times++) {
    play.stdout.write(Buffer.alloc(4096));
    await goOn(1000);
  }
  play.stdout.write(Buffer.alloc(4095));
  assert.equal(ended, false);
  await goOn(1000);
  assert.equal((await done).ready, true);
  assert.equal(job.out.length, 5 * 4096 - 1);
});

test("last words on stderr that come after the exit are waited for, too", async (t) => {
  const goOn = stoppedClock(t);
  const play = played();
  const job = jobOf("");
  const done = execute(play.transport, here, job);
  play.stdout.write("ready now\n");
  play.stdout.end();
  play.end({ status: 1, signal: null });
  for (let times = 0; times < 4; times++) {
    play.stderr.write(Buffer.alloc(4096));
    await goOn(1000);
  }
  play.stderr.destroy();
  assert.equal((await done).status, 1);
  assert.equal(job.err.length, 4 * 4096);
});

test("a child that keeps the output open, or goes on writing, does not hang the job", async () => {
  const job = jobOf(
    "echo ready now; sleep 1000 & echo $!; sh -c 'while sleep 0.1; do echo tick; echo tick >&2; done' & echo $!",
  );
  assert.equal((await execute(local, here, job)).status, 0);
  for (const pid of job.out.match(/\d+/g) ?? []) process.kill(Number(pid));
});

test("heartbeats are lines that come when all of a payload has come, however slowly", async () => {
  async function* slowly() {
    yield Buffer.from("abc");
    await pause(2500);
    yield Buffer.from("def");
  }
  const payload = { size: 6, open: () => Readable.from(slowly()) };
  const program = 'echo ready now; dd bs=1 count=6 2>/dev/null; read -r line && echo "[$line]"';
  const job = jobOf(program, { payload });
  assert.equal((await execute(local, here, job)).status, 0);
  assert.equal(job.out, "abcdef[]\n");
});

test("a program that reads nothing of its payload", async () => {
  const payload = { size: 5_000_000, open: () => Readable.from([Buffer.alloc(5_000_000)]) };
  const job = jobOf("echo ready now; exit 4", { payload });
  assert.deepEqual(await execute(local, here, job), { status: 4, signal: null, ready: true });
});

test("a payload that cannot be read, or is too short, ends the job", async () => {
  const broken = new Readable({
    read() {
      this.destroy(new Error("disk is gone"));
    },
  });
  const job = jobOf("echo ready now; cat >/dev/null", { payload: { size: 5, open: () => broken } });
  await assert.rejects(execute(local, here, job), /disk is gone/);
  const short = jobOf("echo ready now; cat", {
    payload: { size: 5, open: () => Readable.from([Buffer.from("abc")]) },
  });
  await execute(local, here, short);
  assert.equal(short.out, "abc");
});

test("a taker that throws ends the job with its error", async () => {
  let pid = 0;
  const job = jobOf("echo ready now; echo $$; read -r _", {
    stdout: (chunk) => {
      pid = Number(chunk.toString());
      throw new Error("no more");
    },
  });
  await assert.rejects(execute(local, here, job), /no more/);
  await until("the end of the command", () => identity(pid) === undefined);
});

test("a lost channel is the channel's error", async () => {
  const play = played();
  const done = execute(play.transport, here, jobOf(""));
  play.lose();
  await assert.rejects(done, /lost/);
});

test("an abort ends stdin, and its reason is thrown even if the channel is lost then", async () => {
  const play = played();
  const stop = new AbortController();
  const done = execute(play.transport, here, jobOf("", { signal: stop.signal }));
  setImmediate(() => {
    stop.abort(new Error("enough"));
    setImmediate(play.lose);
  });
  await assert.rejects(done, /enough/);
});

test("a job that is aborted already starts nothing", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  const transport: Transport = { start: () => assert.fail("started"), close: async () => {} };
  await assert.rejects(execute(transport, here, jobOf("", { signal })), /enough/);
});

test("an account that is no name starts nothing", async () => {
  const transport: Transport = { start: () => assert.fail("started"), close: async () => {} };
  await assert.rejects(execute(transport, here, jobOf("", { become: "-u root" })), { code: "bad-argument" });
});

test("a lost connection says whether the program had begun", async () => {
  for (const [said, told] of [
    ["noise", /lost; as far as is known, the script had not begun$/],
    ["ready now\n", /lost; the script had begun there, and the host ends it$/],
  ] as const) {
    const { transport, stdout, lose } = played();
    const running = execute(transport, here, jobOf("x"));
    stdout.write(said);
    await pause(20);
    lose(new Failure("connection-lost", "lost"));
    await assert.rejects(running, (error) => error instanceof Failure && told.test(error.message));
  }
});
