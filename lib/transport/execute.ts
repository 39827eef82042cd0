// Running a job over a channel: sends it, keeps the lifeline, drops the noise, and ends with the exit status.

import { once } from "node:events";
import type { Channel, Ended, Job, Target, Transport } from "./contract.js";
import { command, head } from "./wire.js";

/** Milliseconds that output may still come after the exit status; then whoever holds the channel is left alone. */
const lastWords = 1000;
/** Milliseconds that a cancelled script has for ending what it started; it kills after 5 s. */
const patience = 8000;

const delay = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });

async function send(channel: Channel, job: Job, first: Buffer): Promise<void> {
  const { stdin } = channel;
  const write = async (chunk: Buffer) => {
    if (!stdin.write(chunk)) await Promise.race([once(stdin, "drain"), once(stdin, "close")]);
  };
  await write(first);
  if (!job.payload) return;
  let sent = 0;
  for await (const chunk of job.payload.open()) {
    if (job.signal.aborted || stdin.destroyed) return;
    sent += chunk.length;
    await write(chunk);
  }
  // A payload that came up short would make the host wait for the rest for ever.
  if (sent !== job.payload.size) stdin.end();
}

/** Passes on what comes after the line `ready`, and notes that it came. */
async function receive(channel: Channel, job: Job, seen: { ready: boolean }): Promise<void> {
  const mark = Buffer.from(`${job.ready}\n`);
  let noise: Buffer = Buffer.alloc(0);
  for await (const chunk of channel.stdout as AsyncIterable<Buffer>) {
    if (seen.ready) {
      await job.stdout(chunk);
      continue;
    }
    noise = Buffer.concat([noise, chunk]);
    const at = noise.indexOf(mark);
    if (at >= 0) {
      seen.ready = true;
      const rest = noise.subarray(at + mark.length);
      if (rest.length > 0) await job.stdout(rest);
    } else noise = noise.subarray(Math.max(0, noise.length - mark.length));
  }
}

/** Rejects with the reason of the abort when the host has not ended the script in time after it. */
async function outOfPatience(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  await delay(patience);
  throw signal.reason;
}

/** How a program ended, and whether it had begun to run. */
export interface Execution extends Ended {
  ready: boolean;
}

/**
 * Runs a job on a host and resolves when it has ended. When `job.signal` is aborted, the lifeline is cut,
 * the host ends the script and what it started, and the abort's reason is thrown.
 */
export async function execute(transport: Transport, target: Target, job: Job): Promise<Execution> {
  job.signal.throwIfAborted();
  const first = head(job.program, job.become);
  const channel = await transport.start(target, command, job.signal);
  const seen = { ready: false };
  channel.stdin.on("error", () => {}); // the command ended before it read all; its status tells why
  channel.stderr.on("data", (chunk: Buffer) => job.stderr(chunk));
  channel.stderr.on("error", () => {});
  const stderrEnd = once(channel.stderr, "close").catch(() => {});
  const received = receive(channel, job, seen).catch(() => {}); // the channel broke; `ended` tells
  const cut = () => channel.stdin.end();
  job.signal.addEventListener("abort", cut, { once: true });
  try {
    if (job.signal.aborted) cut();
    else send(channel, job, first).catch((error: Error) => channel.stdin.destroy(error));
    const ended = await Promise.race([channel.ended, outOfPatience(job.signal)]);
    await Promise.race([Promise.all([received, stderrEnd]), delay(lastWords)]);
    job.signal.throwIfAborted();
    return { ...ended, ready: seen.ready };
  } finally {
    job.signal.removeEventListener("abort", cut);
    channel.destroy();
  }
}
