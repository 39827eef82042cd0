// `npm run picture`: deploys to three hosts at a terminal, keeps what that shows (run.cast), and makes the picture of it
// that README.md has (run.svg). `node dist/test/picture/run.js again` makes the picture of what was kept.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { releaseDay, startDeployment } from "../lab/deployment.js";
import { hostsFile, knowing, sshHost } from "../lab/names.js";
import { pathWithBins, recordsOf } from "../lab/program.js";
import { type Recording, written } from "./recording.js";
import { pictureOfRun } from "./svg.js";

const file = (name: string) => fileURLToPath(new URL(`../../../test/${name}`, import.meta.url));
const columns = 100;
const rows = 24;
const names = ["web1", "web2", "web3"];

/** Runs a dialogue with a shell at a terminal, and keeps what that shows; `hear` is told of all that was shown so far. */
async function record(
  dialogue: readonly (readonly [awaited: string, typed: string])[],
  { before, cwd, env }: { before: readonly string[]; cwd: string; env: NodeJS.ProcessEnv },
  hear: (shown: string) => void,
): Promise<Recording> {
  const shell = ["sh", "-c", `stty cols ${columns} rows ${rows}; exec sh -i`];
  const terminal = ["/usr/bin/python3", file("lab/terminal.py"), JSON.stringify(dialogue), ...shell];
  const [program = "", ...args] = [...before, ...terminal];
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  const parts: [number, string][] = [];
  const began = performance.now();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    parts.push([Math.round(performance.now() - began) / 1000, text]);
    hear(parts.map(([, part]) => part).join(""));
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`the shell ended with status ${status}: ${JSON.stringify(parts)}`);
  return { columns, rows, parts };
}

/** A release on three hosts, one of which is not there at first. */
async function recordDeploy(directory: string): Promise<Recording> {
  const hosts = join(directory, "hosts");
  writeFileSync(hosts, hostsFile());
  const before = knowing(hosts);
  const lab = await startDeployment({ hosts: names.length, enter: before });
  try {
    const { ssh, project, index } = lab;
    writeFileSync(hosts, hostsFile(names, ssh.hosts));
    const common = readFileSync(ssh.sshConfig, "utf8");
    const settings = (away: string) => {
      const named = ssh.hosts.map((host, i) =>
        sshHost(names[i] ?? "", host, names[i] === away ? "Port 1\n" : ""),
      );
      return `${named.join("")}Host *\n${common}`;
    };
    writeFileSync(ssh.sshConfig, settings("web3"));
    const toml = join(project, "essay.toml");
    const role = `web = { hosts = ${JSON.stringify(names)}, bind = "{host}" }`;
    writeFileSync(toml, readFileSync(toml, "utf8").replace(/^dev = .*$/m, role));
    const built = await lab.sh("es build", { env: releaseDay });
    if (built.status !== 0) throw new Error(built.report);
    const { version } = recordsOf(built.stdout)[0];
    const env = {
      PATH: pathWithBins,
      HOME: directory,
      TERM: "xterm-256color",
      PS1: "$ ",
      ESSAY_LAB_PATIENCE: "120",
      ESSAY_INDEX: index.url,
      ESSAY_SSH_CONFIG: ssh.sshConfig,
    };
    const wayOn = "to go on with";
    return await record(
      [
        ["$ ", `es deploy ${version} a test -R web >run.jsonl\n`],
        [wayOn, ""],
        ["$ ", `es deploy --retry run.jsonl ${version} a\n`],
        ["$ ", "\x04"],
      ],
      { before, cwd: project, env },
      (shown) => {
        if (shown.includes(wayOn)) writeFileSync(ssh.sshConfig, settings("nobody"));
      },
    );
  } finally {
    await lab.stop();
  }
}

const castFile = file("picture/run.cast");
if (process.argv[2] !== "again") {
  const directory = mkdtempSync(join(tmpdir(), "essay-picture-"));
  try {
    writeFileSync(castFile, written(await recordDeploy(directory)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
writeFileSync(file("picture/run.svg"), pictureOfRun(readFileSync(castFile, "utf8")));
