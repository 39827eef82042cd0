import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
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
