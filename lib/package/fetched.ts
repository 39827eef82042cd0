// Fetching the sdists and wheels of distributions from an index, by pip.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../base/digest.js";
import { Failure } from "../base/failure.js";
import { inPrivateFolder } from "../base/private-folder.js";
import { type Described, describeFile, type NormalVersion } from "./described.js";
import { noSource, type PipSource, type Progress, pipFailure, type RunPip } from "./pip.js";
import { type Built, keepDescribed } from "./wheel.js";

export interface FetchRequest {
  /** Lines of a requirements file, and of a constraints file. */
  lines: readonly string[];
  constraints: readonly string[];
  /** The dependencies, too. */
  closure: boolean;
  /** The folder for the files, absolute; made where it is not there. */
  out: string;
  /** The interpreter whose pip fetches: for it, and for this machine, pip chooses the wheels. */
  python: string;
  source: PipSource;
  normalVersion: NormalVersion;
  /** Looks at each file before any is kept; throws Failure. */
  check(file: Described & { sha256: string }): Promise<void>;
}

/** The URL of the index that pip takes by itself, as its help says; undefined where it does not. */
export async function defaultIndex(
  python: string,
  run: RunPip,
  progress: Progress,
): Promise<string | undefined> {
  const job = {
    python,
    command: "download",
    source: { ...noSource, flags: ["--isolated"] },
    args: ["--help"],
  };
  const ended = await inPrivateFolder((folder) => run(job, folder, progress));
  const help = ended.log.replace(/\s+/g, " ");
  const [, url] = /--index-url <url>.*?\(default (https?:\/\/[^\s)]+)\)/.exec(help) ?? [];
  return url !== undefined && URL.canParse(url) ? new URL(url).href : undefined;
}

/**
 * Fetches files into `out`, where they appear when all are there, whole and checked; sorted by name. Throws Failure
 * "download-failed", and those of `run`, `pipFailure`, `describeFile` and `check`.
 */
export async function fetchFiles(request: FetchRequest, run: RunPip, progress: Progress): Promise<Built[]> {
  const { lines, constraints, closure, out, python, source, normalVersion, check } = request;
  const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join("");
  const job = {
    python,
    command: "download",
    source,
    args: [
      ...(closure ? [] : ["--no-deps"]),
      "--dest",
      "files",
      "--requirement",
      "requirements.txt",
      ...(constraints.length > 0 ? ["--constraint", "constraints.txt"] : []),
    ],
    texts: {
      "requirements.txt": text(lines),
      ...(constraints.length > 0 && { "constraints.txt": text(constraints) }),
    },
  };
  return inPrivateFolder(async (folder) => {
    const ended = await run(job, folder, progress);
    if (!ended.ok) throw pipFailure(ended, "fetch what is asked for", "download-failed");
    const described: Described[] = [];
    for (const filename of (await readdir(folder)).sort())
      described.push(await describeFile(folder, filename, normalVersion));
    if (described.length === 0) throw new Failure("download-failed", "pip fetched nothing");
    for (const each of described) {
      const { sha256 } = await digestOf(join(folder, each.filename));
      await check({ ...each, sha256 });
    }
    const files: Built[] = [];
    for (const each of described) files.push(await keepDescribed(folder, out, each));
    return files;
  });
}
