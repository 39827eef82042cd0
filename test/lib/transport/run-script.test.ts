import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import type { Channel, Target } from "../../../lib/transport/contract.js";
import { LocalTransport } from "../../../lib/transport/local.js";
import { runScript } from "../../../lib/transport/run-script.js";

// Scripts are found from lib/remote.
const say = ["../../test/lib/transport/say"];
const target = { host: "here", transport: "local" as const };
const calm = { signal: new AbortController().signal, plan: false, show: undefined };

const run = (args: string[], more = {}) =>
  runScript(new LocalTransport(), target, { parts: say, args, code: "it-failed", ...more }, calm);

test("a script's results", async () => {
  const args = ["", "a b", "it's\n\t\\ok"];
  const results = await run(args);
  assert.deepEqual(results.all("argument"), args);
});

test("a failure that the script names", async () => {
  await assert.rejects(run(["refuse"]), { code: "no-venv", message: "there is no virtualenv" });
});

test("a script that ends badly without a word: status and last words", async () => {
  await assert.rejects(run(["fail"]), (error: { code: string; message: string; details: object }) => {
    assert.equal(error.code, "it-failed");
    assert.match(error.message, /here.*status 9/);
    assert.deepEqual(error.details, { exit: 9, stderr: "the tool's last words" });
    return true;
  });
});

test("a failure tells whether something was changed before it", async () => {
  const changed = (word: string) =>
    assert.rejects(run([word]), { code: "it-failed", changed: word === "break" });
  await changed("break");
  await changed("fail");
});

test("a script that a signal ends", async () => {
  await assert.rejects(run(["die"]), (error: { code: string; details: object }) => {
    assert.equal(error.code, "it-failed");
    assert.deepEqual(error.details, { signal: "SIGKILL" });
    return true;
  });
});

test("output as it comes instead of results, and stderr to show", async () => {
  let out = "";
  let shown = "";
  const stdout = (chunk: Buffer) => {
    out += chunk;
  };
  const show = (text: string) => {
    shown += text;
  };
  const task = { ...calm, show };
  const script = { parts: say, args: ["fail"], code: "it-failed", stdout };
  await assert.rejects(runScript(new LocalTransport(), target, script, task), { code: "it-failed" });
  assert.equal(out, "count\t1\nargument\tfail\n");
  assert.equal(shown, "the tool's last words\n");
});

/** As in a session whose host answers so to who asks for a lock; notes what is asked for, in the order. */
class Locking extends LocalTransport {
  readonly asked: string[] = [];
  readonly #answer: string;

  constructor(answer: string) {
    super();
    this.#answer = answer;
  }

  override start(place: Target, command: string): Promise<Channel> {
    this.asked.push("the script");
    return super.start(place, command);
  }

  async lock(_: Target, venv: string): Promise<void> {
    this.asked.push(venv);
    if (this.#answer !== "held") throw new Failure(this.#answer, "as it is");
  }
}

test("the lock that a script is known to take is asked for before it, not in a dry run", async () => {
  const asked = async (answer: string, locks: string, plan = false) => {
    const transport = new Locking(answer);
    const script = { parts: say, args: [], locks, code: "it-failed" };
    const error = await runScript(transport, target, script, { ...calm, plan }).then(
      () => "ok",
      ({ code }: Failure) => code,
    );
    return [...transport.asked, error];
  };
  assert.deepEqual(await asked("held", "/srv/a"), ["/srv/a", "the script", "ok"]);
  assert.deepEqual(await asked("locked", "/srv/a"), ["/srv/a", "locked"]);
  assert.deepEqual(await asked("no-venv", "/srv/a"), ["/srv/a", "the script", "ok"]);
  assert.deepEqual(await asked("held", "/srv/a", true), ["the script", "ok"]);
  assert.deepEqual(await asked("held", "~/a"), ["the script", "ok"]);
});

/** Gives stderr byte by byte. */
class Slowly extends LocalTransport {
  override async start(target: Target, command: string): Promise<Channel> {
    const channel = await super.start(target, command);
    const stderr = new PassThrough({ readableObjectMode: true });
    channel.stderr.on("data", (chunk: Buffer) => {
      for (const byte of chunk) stderr.write(Buffer.of(byte));
    });
    channel.stderr.on("end", () => stderr.end());
    return { ...channel, stderr };
  }
}

test("a character that comes in two pieces is shown whole", async () => {
  const shown: string[] = [];
  const task = { ...calm, show: (text: string) => shown.push(text) };
  await runScript(new Slowly(), target, { parts: say, args: ["umlaut"], code: "it-failed" }, task);
  assert.deepEqual(shown, ["g", "r", "ü", "n", "\n"]);
});
