// Running a script whose output is a long stream: result lines with bytes between them, read as they come.

import { once } from "node:events";
import { PassThrough } from "node:stream";
import { ByteReader, EndOfBytes } from "../base/bytes.js";
import { Failure } from "../base/failure.js";
import { parseResult, Results } from "../remote/results.js";
import type { Target, Transport } from "./contract.js";
import { type Circumstances, runScript, type ScriptRun } from "./run-script.js";

/** The output of a script that is running. What ends too early throws EndOfBytes, which is not to be caught. */
export class ScriptOutput extends ByteReader {
  readonly #results: Results;

  constructor(stream: AsyncIterable<Buffer>, results: Results) {
    super(stream);
    this.#results = results;
  }

  /** The next result line. Where the script reports a failure instead, its end comes next. */
  async result(): Promise<{ name: string; value: string }> {
    for (;;) {
      const [name, value] = parseResult((await this.line()).toString("utf8")) ?? [];
      if (name === undefined || value === undefined) continue;
      this.#results.add(name, value);
      if (!name.startsWith("error-")) return { name, value };
    }
  }
}

/**
 * Runs a script and gives its output to `take`, no faster than that reads it; resolves, when the script has
 * ended well, to what `take` gave. When `take` throws, the script is ended first. Throws Failure as `runScript`
 * does, and what `take` throws.
 */
export async function readScript<T>(
  transport: Transport,
  target: Target,
  run: ScriptRun,
  task: Circumstances,
  take: (output: ScriptOutput) => Promise<T>,
): Promise<T> {
  const results = new Results();
  const pipe = new PassThrough();
  const stop = new AbortController();
  const signal = AbortSignal.any([task.signal, stop.signal]);
  // What nobody reads any more is let go, so that the script comes to its end.
  const enough = new AbortController();
  const unread = AbortSignal.any([signal, enough.signal]);
  const stdout = async (chunk: Buffer) => {
    if (!unread.aborted && !pipe.write(chunk)) await once(pipe, "drain", { signal: unread }).catch(() => {});
  };
  const ended: Promise<unknown> = runScript(
    transport,
    target,
    { ...run, results, stdout },
    { ...task, signal },
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  ended.then(() => pipe.end());
  const leave = async () => {
    enough.abort();
    return ended;
  };
  try {
    const taken = await take(new ScriptOutput(pipe, results));
    const error = await leave();
    if (error !== undefined) throw error;
    return taken;
  } catch (error) {
    if (error instanceof EndOfBytes) {
      const why = await leave();
      throw why ?? new Failure(run.code, `the script on ${target.host} ended before it had said all`);
    }
    stop.abort(error);
    await leave();
    throw error;
  }
}
