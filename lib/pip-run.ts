// Running pip where files are made: on this machine or on a build host, by one script.

import { createReadStream, createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { lastBytes, Tail } from "./base/bytes.js";
import { Failure } from "./base/failure.js";
import type { BuildHost } from "./build-host.js";
import type { PipJob, RunPip } from "./package/pip.js";
import type { ScriptOutput } from "./transport/script-output.js";

/** As much of pip's output as is looked into for the cause of a failure, in bytes. */
const keptLog = 256 * 1024;
/** As much of it as a record keeps. */
const keptDetails = 4096;
const authorities = "authorities.pem";

async function argumentsOf(job: PipJob): Promise<string[]> {
  const { python, command, source, args, texts, file, epoch } = job;
  const { flags, netrc, proxy, ca } = source;
  // Where pip runs, it may be another machine.
  const there = flags.map((flag) => (flag === ca ? authorities : flag));
  const beside = { ...texts, ...(ca !== undefined && { [authorities]: await readFile(ca, "utf8") }) };
  const small = Object.entries(beside);
  return [
    python,
    netrc ?? "-",
    proxy ?? "-",
    epoch === undefined ? "-" : String(epoch),
    file?.filename ?? "-",
    String(small.length),
    ...small.flat(),
    command,
    ...there,
    ...args,
  ];
}

/** Takes pip's exit status and the files that it made. */
async function receive(output: ScriptOutput, into: string): Promise<number> {
  let exit = Number.NaN;
  let filename = "";
  for (;;) {
    const { name, value } = await output.result();
    if (name === "end") return exit;
    if (name === "exit") exit = Number(value);
    if (name === "file") filename = value;
    if (name !== "size") continue;
    if (!/^[A-Za-z0-9][^/\0]*$/.test(filename))
      throw new Failure("bad-name", `pip made a file with the name ${JSON.stringify(filename)}`);
    const bytes = Readable.from(output.take(Number(value)));
    await pipeline(bytes, createWriteStream(join(into, filename), { flags: "wx" }));
  }
}

/** Runs jobs of pip on a build host. */
export function pipOn(host: BuildHost): RunPip {
  return async (job, into, { signal, show }) => {
    const { file } = job;
    const log = new Tail(keptLog);
    const script = {
      parts: ["state", "pip-run"],
      args: await argumentsOf(job),
      ...(file && { payload: { size: file.size, open: () => createReadStream(file.path) } }),
      code: "pip-failed",
    };
    const task = {
      signal,
      plan: false,
      show: (text: string) => {
        log.push(Buffer.from(text));
        show?.(text);
      },
    };
    const exit = await host
      .run(script, task, (output) => receive(output, into))
      .catch((error: unknown) => {
        if (host.isHere || !(error instanceof Failure) || error.message.includes(host.name)) throw error;
        throw new Failure(error.code, `${host.name}: ${error.message}`, error.details);
      });
    const text = log.toString();
    return {
      ok: exit === 0,
      where: host.isHere ? undefined : host.name,
      log: text,
      details: { exit, stderr: lastBytes(text, keptDetails) },
    };
  };
}
