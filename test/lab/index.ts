// A package index of the lab: es-index on a directory that has the wheels which a deploy needs.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Machine } from "./network.js";
import { identity, until } from "./processes.js";
import { bins } from "./program.js";
import { copyWheels, type WheelSet } from "./wheels.js";

export interface IndexOptions {
  /** Where its files and its log go; made when missing. A new temporary directory unless told. */
  home?: string;
  /** Outlives this process until `stop`; otherwise it ends with this process at the latest. */
  lasting?: boolean;
  /** More flags for es-index. */
  flags?: readonly string[];
  /** Without the lab's wheels. */
  empty?: boolean;
  /** With the wheels of this set, too. */
  more?: WheelSet;
  /** The machine that it runs on, instead of this one. */
  machine?: Machine;
}

export interface LabIndex {
  /** Where its sdists and wheels are. */
  directory: string;
  /** URL of its simple page: what ESSAY_INDEX and --index take. */
  url: string;
  pid: number;
  /** What it has said. */
  log(): string;
  /** Ends the server and takes its directory away. */
  stop(): Promise<void>;
}

/** The files that an index's directory shows, sorted. */
export function published(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith("."))
    .sort();
}

/** The files that are on their way into an index's directory. */
export function arriving(directory: string): string[] {
  const folder = join(directory, ".es-index");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("upload-")) : [];
}

/** Starts es-index on a directory with the lab's wheels. */
export async function startIndex(options: IndexOptions = {}): Promise<LabIndex> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), "essay-index-"));
  const files = join(home, "files");
  mkdirSync(files, { recursive: true });
  if (!options.empty) await copyWheels(files);
  if (options.more) await copyWheels(files, options.more);
  const log = join(home, "log");
  const output = openSync(log, "w");
  const bound = options.lasting ? [] : ["setpriv", "--pdeathsig", "TERM"];
  const [program = "", ...args] = [
    ...(options.machine?.enter ?? []),
    ...bound,
    process.execPath,
    join(bins, "es-index"),
    ...(options.flags ?? []),
    files,
  ];
  // In a group of its own: a Ctrl-C on the terminal is for its user to answer, by `stop`.
  const server = spawn(program, args, { stdio: ["ignore", "ignore", output], detached: true });
  const pid = server.pid as number;
  let url: string | undefined;
  await until("es-index", () => {
    [url] = /http:\S+(?=\n)/.exec(readFileSync(log, "utf8")) ?? [];
    if (identity(pid) === undefined) throw new Error(`es-index ended: ${readFileSync(log, "utf8")}`);
    return url !== undefined;
  });
  if (options.lasting) server.unref();
  return {
    directory: files,
    url: url as unknown as string,
    pid,
    log: () => readFileSync(log, "utf8"),
    stop: async () => {
      server.kill();
      await until("the end of es-index", () => identity(pid) === undefined);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
