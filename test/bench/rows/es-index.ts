// Pages of 10,000 projects with 100,000 files, against the same pages as files.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { until } from "../../lab/processes.js";
import { bins } from "../../lab/program.js";
import { tiny } from "../../lab/tiny.js";
import type { Bench } from "../comparison.js";

const projects = 10_000;
const versions = 5;
const asked = 2000;
const atOnce = 8;
const servers: ChildProcess[] = [];

/** The page of every `projects / asked`-th project, in an order that no disk likes. */
const page = (count: number) => `/simple/proj-${(count * 7919 * (projects / asked)) % projects}/`;

function makeFiles(folder: string): void {
  const dist = join(folder, "dist");
  const kinds = tiny(dist).map(({ path }) => ({
    bytes: readFileSync(path),
    ending: path.split("tiny-1.0")[1],
  }));
  mkdirSync(join(folder, "index"));
  for (let project = 0; project < projects; project++)
    for (let version = 0; version < versions; version++)
      for (const { bytes, ending } of kinds)
        writeFileSync(join(folder, "index", `proj_${project}-1.${version}${ending}`), bytes);
}

/** Starts a server; resolves to the port that it has said. */
async function serve(words: string[], cwd: string): Promise<number> {
  const [name = "", ...args] = words;
  const child = spawn(name, args, {
    cwd,
    env: { ...process.env, PYTHONUNBUFFERED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  servers.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      if (!/port|:\d+\//.test(said)) said += chunk;
    });
  await until(name, () => /port \d+|:\d+\//.test(said));
  return Number(/(?:port |:)(\d+)/.exec(said)?.[1]);
}

/** Asks for one page; resolves to it. */
function ask(port: number, path: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ port, path, agent, host: "127.0.0.1" }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${answer.statusCode}`)),
      );
    });
    request.on("error", reject);
  });
}

/** Asks for all pages, some at once, and gives each to `take`; resolves to the milliseconds that it took. */
async function askAll(port: number, take: (path: string, text: string) => void = () => {}): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const started = performance.now();
  let count = 0;
  const one = async () => {
    while (count < asked) {
      const path = page(count++);
      take(path, await ask(port, path, agent));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  agent.destroy();
  return performance.now() - started;
}

export const bench: Bench = {
  async make(folder) {
    makeFiles(folder);
    const ours = await serve([process.execPath, join(bins, "es-index"), "index"], folder);
    await askAll(ours, (path, text) => {
      mkdirSync(join(folder, "pages", path), { recursive: true });
      writeFileSync(join(folder, "pages", path, "index.html"), text);
    });
    const python = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "0"];
    const theirs = await serve(python, join(folder, "pages"));
    return [
      {
        what: "es-index, 2,000 pages of 100,000 files",
        against: "python3 -m http.server, pages as files",
        budget: 1,
        binding: true,
        pairs: 7,
        ours: () => askAll(ours),
        theirs: () => askAll(theirs),
      },
    ];
  },
  async end() {
    for (const server of servers) {
      server.kill();
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    }
  },
};
