// Uploading one wheel of 25 MB to es-index.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bins } from "../../lab/program.js";
import { releaseFile, wheelOfSize } from "../../lab/tiny.js";
import type { Bench } from "../comparison.js";
import { timeCommand } from "../time-command.js";

const size = 25 * 1024 * 1024;
let server: ChildProcess | undefined;

/** Starts es-index on a new folder; resolves to its simple URL. */
async function startIndex(folder: string): Promise<string> {
  server = spawn(process.execPath, [join(bins, "es-index"), join(folder, "index")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  for await (const chunk of server.stderr ?? []) {
    said += chunk;
    const [url] = /http:\S+\/simple\//.exec(said) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`es-index did not start: ${said}`);
}

export const bench: Bench = {
  async make(folder) {
    const url = await startIndex(folder);
    const dist = join(folder, "dist");
    mkdirSync(dist);
    const input = join(folder, "record");
    const env = { HOME: folder };
    let uploads = 0;
    /** Times the upload of a wheel that is not yet on the index. */
    const timeUpload = async (commandFor: (path: string) => string[]) => {
      const version = `1.${++uploads}`;
      const filename = wheelOfSize(dist, version, size);
      const file = releaseFile(dist, filename, version);
      writeFileSync(input, `${JSON.stringify({ project: "large", version, files: [file] })}\n`);
      const ms = await timeCommand(commandFor(file.path), { folder, input, env });
      for (const place of [dist, join(folder, "index")]) rmSync(join(place, filename));
      return ms;
    };
    const twine = ["/usr/bin/twine", "upload", "--non-interactive", "--disable-progress-bar"];
    const to = ["-u", "any", "-p", "any", "--repository-url", new URL("/", url).href];
    return [
      {
        what: "es-upload, 25 MB",
        against: "twine",
        budget: 0.6,
        binding: true,
        pairs: 11,
        ours: () => timeUpload(() => [process.execPath, join(bins, "es-upload"), "-q", "--index", url]),
        theirs: () => timeUpload((path) => [...twine, ...to, path]),
      },
    ];
  },
  async end() {
    if (server === undefined || server.exitCode !== null) return;
    server.kill();
    await once(server, "exit");
  },
};
