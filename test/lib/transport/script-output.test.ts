import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { LocalTransport } from "../../../lib/transport/local.js";
import { readScript, type ScriptOutput } from "../../../lib/transport/script-output.js";

// Scripts are found from lib/remote.
const parts = ["../../test/lib/transport/stream"];
const target = { host: "here", transport: "local" as const };
const calm = { signal: new AbortController().signal, plan: false, show: undefined };
const megabytes = 32;

function run<T>(
  end: string,
  take: (output: ScriptOutput) => Promise<T>,
  { size = 1024 * 1024, more = {}, task = calm } = {},
): Promise<T> {
  const script = { parts, args: [String(size), end], code: "it-failed", ...more };
  return readScript(new LocalTransport(), target, script, task, take);
}

/** Reads all that a script says which ends well. */
async function all(output: ScriptOutput): Promise<number> {
  await output.result();
  const size = Number((await output.result()).value);
  let read = 0;
  for await (const chunk of output.take(size)) read += chunk.length;
  assert.deepEqual(await output.result(), { name: "whole", value: "1" });
  return read;
}

test("results and bytes, with a payload sent before", async () => {
  const payload = { size: 3, open: () => Readable.from([Buffer.from("abc")]) };
  const sum = await run("well", async (output) => (await output.result()).value, { more: { payload } });
  assert.equal(sum, "1219131554 3");
  assert.equal(await run("well", all), 1024 * 1024);
});

test("a script writes no faster than its output is read", async () => {
  const size = megabytes * 1024 * 1024;
  const before = process.memoryUsage.rss();
  let most = 0;
  await run(
    "well",
    async (output) => {
      await output.result();
      await output.result();
      for await (const _ of output.take(size)) {
        await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, process.memoryUsage.rss() - before);
      }
      await output.result();
    },
    { size },
  );
  assert.ok(most < size / 2, `${most} bytes more were held`);
});

test("what the script reports, and how it ended, is told in place of the missing output", async () => {
  await assert.rejects(run("fail", all), { code: "no-venv", message: "there is no virtualenv" });
  await assert.rejects(run("die", all), { code: "it-failed", details: { signal: "SIGKILL" } });
  await assert.rejects(run("early", all), { code: "it-failed", message: /here ended before/ });
});

test("what goes wrong at our end ends the script, and so does an abort", async () => {
  const wrong = async (output: ScriptOutput) => {
    await output.result();
    throw new Error("the disk is full");
  };
  await assert.rejects(run("sleep", wrong, { size: megabytes * 1024 * 1024 }), /the disk is full/);
  const abort = new AbortController();
  const waiting = run("sleep", all, { task: { ...calm, signal: abort.signal } });
  abort.abort(new Error("cancelled"));
  await assert.rejects(waiting, /cancelled/);
});

test("output that is not read to its end does no harm", async () => {
  const size = megabytes * 1024 * 1024;
  assert.equal(await run("well", async () => "done", { size }), "done");
});
