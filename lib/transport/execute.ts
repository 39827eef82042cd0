// Running a job over a channel: sends it, keeps the lifeline, drops the noise, and ends with the exit status.

import { once } from "node:events";
import { setTimeout as timer } from "node:timers/promises";
import { Failure } from "../base/failure.js";
import type { Channel, Ended, Job, Target, Transport } from "./contract.js";
import { command, head } from "./wire.js";

/**
 * After the exit status, the rest of the output is on its way, and the channel closes behind it, unless
 * something that was left running holds it open. So we wait, second by second, while at least so many bytes
 * come in each; a program that writes on and on is left alone after a minute.
 */
const lastWords = { ms: 1000, bytes: 4096, times: 60 };
/** Milliseconds that a cancelled script has for ending what it started; it kills after 5 s. */
const patience = 8000;
/** Milliseconds between heartbeats: a script that hears none for 8 s ends itself. See prelude.sh. */
const beat = 2000;

/** Bytes that came on both streams, whether the program's first line was among them, and whether the taker has one in hand. */
interface Received {
  ready: boolean;
  bytes: number;
  taking: boolean;
}

/** Writes the program and the payload. Rejects when the payload cannot be read, and for nothing else. */
async function send(channel: Channel, job: Job, first: Buffer, over: AbortSignal): Promise<void> {
  const { stdin } = channel;
  const write = async (chunk: Buffer) => {
    // A command that ended before it read all needs no more; its status tells why.
    if (!stdin.write(chunk)) await once(stdin, "drain", { signal: over }).catch(() => {});
  };
  await write(first);
  if (!job.payload) return;
  let sent = 0;
  for await (const chunk of job.payload.open()) {
    if (job.signal.aborted || stdin.destroyed || over.aborted) return;
    sent += chunk.length;
    await write(chunk);
  }
  // A payload that came up short would make the host wait for the rest for ever.
  if (sent !== job.payload.size) stdin.end();
}

/** Passes on what comes after the line `ready`. Rejects with what the taker throws, and nothing else. */
async function receive(channel: Channel, job: Job, received: Received, over: AbortSignal): Promise<void> {
  const mark = Buffer.from(`${job.ready}\n`);
  let noise: Buffer = Buffer.alloc(0);
  const take = async (chunk: Buffer) => {
    received.taking = true;
    await job.stdout(chunk);
    received.taking = false;
  };
  const chunks = (channel.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    // A channel that breaks ends here; `ended` tells why.
    const { value: chunk, done } = await chunks.next().catch(() => ({ value: undefined, done: true }));
    if (done || chunk === undefined || over.aborted) return;
    received.bytes += chunk.length;
    if (received.ready) {
      await take(chunk);
      continue;
    }
    noise = Buffer.concat([noise, chunk]);
    const at = noise.indexOf(mark);
    if (at >= 0) {
      received.ready = true;
      const rest = noise.subarray(at + mark.length);
      if (rest.length > 0) await take(rest);
    } else noise = noise.subarray(Math.max(0, noise.length - mark.length));
  }
}

/** Rejects with the reason of the abort when the host has not ended the script in time after it. */
async function outOfPatience(signal: AbortSignal, over: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort", { signal: over });
  await timer(patience, undefined, { signal: over });
  throw signal.reason;
}

/** Waits for the end of the output, as long as it makes sense. */
async function drained(outputs: Promise<unknown>, received: Received, over: AbortSignal): Promise<void> {
  const all = outputs.then(() => true);
  for (let times = 0; times < lastWords.times; times++) {
    const before = received.bytes;
    if (await Promise.race([all, timer(lastWords.ms, false, { signal: over })])) return;
    if (!received.taking && received.bytes - before < lastWords.bytes) return;
  }
}

/** How a program ended, and whether it had begun to run. */
export interface Execution extends Ended {
  ready: boolean;
}

/** A lost connection's failure, with what it means for the host: whether the program had begun. */
function toldOf(error: unknown, hadBegun: boolean): unknown {
  if (!(error instanceof Failure) || error.code !== "connection-lost") return error;
  const what = hadBegun
    ? "the script had begun there, and the host ends it"
    : "as far as is known, the script had not begun";
  return new Failure(error.code, `${error.message}; ${what}`, error.details);
}

/**
 * Runs a job on a host and resolves when it has ended. When `job.signal` is aborted, the lifeline is cut,
 * the host ends the script and what it started, and the abort's reason is thrown.
 */
export async function execute(transport: Transport, target: Target, job: Job): Promise<Execution> {
  job.signal.throwIfAborted();
  const first = head(job.program, job.become);
  const channel = await transport.start(target, command, job.signal, job.lasts ? "lasting" : "passing");
  const over = new AbortController();
  const received: Received = { ready: false, bytes: 0, taking: false };
  channel.stdin.on("error", () => {});
  channel.stderr.on("data", (chunk: Buffer) => {
    if (over.signal.aborted) return;
    received.bytes += chunk.length;
    job.stderr(chunk);
  });
  channel.stderr.on("error", () => {});
  const stderrEnd = once(channel.stderr, "close", { signal: over.signal }).catch(() => {});
  const cut = () => channel.stdin.end();
  const receipt = receive(channel, job, received, over.signal);
  job.signal.addEventListener("abort", cut, { once: true });
  let beating: NodeJS.Timeout | undefined;
  // Not before program and payload have come: a beat is a line of the lifeline.
  const live = () => {
    if (over.signal.aborted) return;
    beating = setInterval(() => {
      if (received.ready && channel.stdin.writable) channel.stdin.write("\n");
    }, beat);
  };
  try {
    const sent = job.signal.aborted ? cut() : send(channel, job, first, over.signal).then(live);
    // Trouble at our end, in the payload's source or the output's taker, ends the job.
    const trouble = new Promise<never>((_, reject) => {
      Promise.all([sent, receipt]).catch(reject);
    });
    const late = outOfPatience(job.signal, over.signal);
    const ended = await Promise.race([channel.ended, late, trouble]);
    await Promise.race([drained(Promise.all([receipt, stderrEnd]), received, over.signal), trouble]);
    job.signal.throwIfAborted();
    return { ...ended, ready: received.ready };
  } catch (error) {
    job.signal.throwIfAborted();
    throw toldOf(error, received.ready);
  } finally {
    over.abort();
    clearInterval(beating);
    job.signal.removeEventListener("abort", cut);
    channel.destroy();
  }
}
