// A package index of the lab: es-index on a directory that has the wheels which a deploy needs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bins } from "./program.js";
import { copyWheels } from "./wheels.js";

export interface LabIndex {
  /** Where its files are. */
  directory: string;
  /** URL of its simple page: what ESSAY_INDEX and --index take. */
  url: string;
  stop(): Promise<void>;
}

/** Starts es-index on a new directory with the lab's wheels. It ends with this process at the latest. */
export async function startIndex(): Promise<LabIndex> {
  const directory = mkdtempSync(join(tmpdir(), "essay-index-"));
  await copyWheels(directory);
  const words = ["--pdeathsig", "TERM", process.execPath, join(bins, "es-index.js"), directory];
  const server = spawn("setpriv", words, { stdio: ["ignore", "ignore", "pipe"] });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    server.stderr.on("data", (chunk) => {
      said += chunk;
      const [found] = /http:\S+(?=\n)/.exec(said) ?? [];
      if (found) resolve(found);
    });
    server.on("exit", () => reject(new Error(`es-index ended: ${said}`)));
  });
  return {
    directory,
    url,
    stop: async () => {
      server.kill();
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
