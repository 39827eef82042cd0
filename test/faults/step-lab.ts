// A place where steps meet trouble: hosts with disks and programs of their own, an index, and virtualenvs to begin with.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type LabIndex, startIndex } from "../lab/index.js";
import { bins, expectStatus, recordsOf, underWay } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";
import { type Ground, startGrounds } from "./ground.js";
import { type After, lost, type Rerun, type StepName } from "./step-table.js";
import { type Deed, writeInputs } from "./step-work.js";

/** Who sees to it that nothing is left of what was begun. */
export type Keeper = Pick<TestContext, "after">;

export interface Start {
  /** Where it is not the host's own. */
  port?: number;
  inSession?: boolean;
}

// A connection that is silent for three seconds is taken for dead.
const patience = "ServerAliveInterval 1\nServerAliveCountMax 3\n";

// biome-ignore lint/suspicious/noExplicitAny: records of every kind
type Any = any;

/** How a step has ended, and all that it has said; `code` is the error's, or "ok", or `lost`. */
export interface Outcome {
  status: number | null;
  record: Any;
  report: string;
  code: string;
}

export class StepLab {
  readonly grounds: readonly Ground[];
  readonly #folder: string;
  readonly #index: LabIndex;
  readonly #lab: Awaited<ReturnType<typeof startGrounds>>;

  constructor(folder: string, index: LabIndex, lab: Awaited<ReturnType<typeof startGrounds>>) {
    this.grounds = lab.grounds;
    this.#folder = folder;
    this.#index = index;
    this.#lab = lab;
  }

  /** A step under way on a host. */
  start(keeper: Keeper, ground: Ground, step: StepName, { args, venv, record }: Deed, more: Start = {}) {
    const { address, user, port, prefix } = ground.host;
    const line = JSON.stringify({
      host: address,
      user,
      port: more.port ?? port,
      transport: "ssh",
      prefix,
      ...(venv !== false && { venv: { name: "a", path: join(prefix, "a") } }),
      ...record,
      batch: { id: "case", size: 1 },
    });
    const env = {
      ...process.env,
      ESSAY_SSH_CONFIG: join(this.#folder, "ssh_config"),
      ESSAY_INDEX: this.#index.url,
      ESSAY_SESSION: "",
    };
    const words = more.inSession ? [process.execPath, join(bins, step), ...args] : args;
    const run = underWay(keeper, more.inSession ? "es-session" : step, words, env, this.#folder);
    run.child.stdin.end(`${line}\n`);
    return run;
  }

  /** Makes a host such as the work begins with. */
  async prepare(keeper: Keeper, ground: Ground, step: StepName, work: Deed): Promise<void> {
    ground.clear();
    if (work.venv !== false) ground.putVenv(join(this.#folder, step === "es-pip" ? "with-pip" : "without"));
    await work.begin?.(ground, async (name, args) => {
      const ran = await outcomeOf(this.start(keeper, ground, name, { ...work, args }));
      if (ran.code !== "ok") throw new Error(`what goes before ${step} failed\n${ran.report}`);
    });
  }

  async stop(): Promise<void> {
    await this.#lab.stop();
    await this.#index.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Starts so many hosts. */
export async function startStepLab(hosts: number): Promise<StepLab> {
  const folder = mkdtempSync(join(tmpdir(), "essay-steps-"));
  writeInputs(folder);
  // The virtualenvs that all others are copies of; with pip as it is when it has run once.
  const input = JSON.stringify({ host: "@local", transport: "local", prefix: folder });
  const flags = ["--python", "/usr/bin/python3"];
  await expectStatus(0, "es-venv", ["with-pip", ...flags], { input });
  const [lib = ""] = readdirSync(join(folder, "with-pip/lib"));
  const pip = join("lib", lib, "site-packages/pip");
  execFileSync("cp", ["-a", join(folder, "with-pip"), join(folder, "without")]);
  rmSync(join(folder, "without", pip), { recursive: true });
  execFileSync("/usr/bin/python3", ["-m", "compileall", "-q", join(folder, "with-pip", pip)]);
  const index = await startIndex({ empty: true });
  tiny(index.directory, "1.0", "tiny", `# ${"x".repeat(99_000)}\n`);
  const lab = await startGrounds(hosts);
  writeFileSync(join(folder, "ssh_config"), `${patience}${readFileSync(lab.ssh.sshConfig, "utf8")}`);
  return new StepLab(folder, index, lab);
}

export async function outcomeOf({ closed, seen }: ReturnType<StepLab["start"]>): Promise<Outcome> {
  const [status, signal] = await closed;
  const [record] = recordsOf(seen.stdout);
  const report = `status ${status} signal ${signal}\n--- stdout\n${seen.stdout}--- stderr\n${seen.stderr}`;
  return { status, record, report, code: record === undefined ? lost : (record.error?.code ?? "ok") };
}

/** What is put beside a file, to take its place: a script that is killed leaves it, and the next one writes it anew. */
export const isOnItsWay = (line: string) => /^\S+\.new /.test(line);

/** What has become of a host that was so before; the differences, where it is neither as it was, nor marked, nor done. */
export function afterwards(ground: Ground, work: Deed, before: readonly string[]): After | readonly string[] {
  if (ground.marks().length > 0 || work.cut?.(ground)) return "marked";
  const now = ground.look().filter((line) => !isOnItsWay(line));
  const differences = [
    ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
  if (differences.length === 0) return "as before";
  return work.done(ground) ? "done" : differences;
}

export const rerunOf = (record: { trace?: { changed: boolean }[] }): Rerun => {
  const entry = record.trace?.at(-1);
  return entry === undefined ? "looks" : entry.changed ? "changes" : "nothing to do";
};
