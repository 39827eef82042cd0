// All that a deploy needs, of real parts: SSH hosts, a package index, and a project in git.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabIndex, startIndex } from "./index.js";
import { type Ran, type RunOptions, recordsOf, shell } from "./program.js";
import { type SshdOptions, type SshLab, startSshd } from "./sshd.js";

export interface Deployment {
  ssh: SshLab;
  index: LabIndex;
  /** The project's folder: essay_demo, with the role dev of all hosts. */
  project: string;
  /** A script by bash in the project's folder, with our executables in PATH and the index in ESSAY_INDEX. */
  sh(script: string, options?: RunOptions): Promise<Ran>;
  stop(): Promise<void>;
}

/** "HOST NAME PID" of every process in the records that a run wrote, sorted. */
export function pidsOf({ stdout }: Ran): string[] {
  return recordsOf(stdout)
    .flatMap(({ host, processes = [] }) =>
      processes.map(({ name, pid }: { name: string; pid: number }) => `${host} ${name} ${pid}`),
    )
    .sort();
}

/** "HOST PORT STATUS" of everything that was asked by es-check, sorted. */
export function answersOf({ stdout }: Ran): string[] {
  return recordsOf(stdout)
    .flatMap(({ host, checks = [] }) =>
      checks.map(({ port, status }: { port: number; status: number }) => `${host} ${port} ${status}`),
    )
    .sort();
}

/** A day on which versions are always the same: those of README.md and of its picture. */
export const releaseDay = { SOURCE_DATE_EPOCH: "1795338000", TZ: "UTC" };

/** Who commits, with nothing of this machine's configuration of git. */
export const committer = {
  GIT_AUTHOR_NAME: "Lab",
  GIT_AUTHOR_EMAIL: "lab@example.org",
  GIT_COMMITTER_NAME: "Lab",
  GIT_COMMITTER_EMAIL: "lab@example.org",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

export interface DeploymentOptions extends SshdOptions {
  /** The template of the project (default). */
  template?: "default" | "django" | "webpy";
}

/** Starts hosts and an index, and creates the project essay_demo with `es create`. */
export async function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { template = "default" } = options;
  const directory = mkdtempSync(join(tmpdir(), "essay-deployment-"));
  const ssh = await startSshd(options);
  const index = await startIndex(template === "default" ? {} : { more: template }).catch(async (error) => {
    await ssh.stop();
    throw error;
  });
  const project = join(directory, "essay_demo");
  const env = { ...committer, ESSAY_INDEX: index.url, ESSAY_SSH_CONFIG: ssh.sshConfig };
  const run = (script: string, cwd: string, more: RunOptions = {}) =>
    shell(script, { cwd, limit: 120_000, ...more, env: { ...env, ...more.env } });
  const stop = async () => {
    await index.stop();
    await ssh.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const created = await run(`es create -t ${template} essay_demo`, directory);
    if (created.status !== 0) throw new Error(created.report);
    const file = join(project, "essay.toml");
    const hosts = JSON.stringify(ssh.inventory);
    const text = readFileSync(file, "utf8").replace(
      'dev = ["@local"]',
      `dev = { hosts = ${hosts}, bind = "{host}" }`,
    );
    writeFileSync(file, text);
    const conf = join(project, "conf/supervisord.conf");
    // Nothing here takes longer than that to find that it cannot work.
    writeFileSync(conf, readFileSync(conf, "utf8").replace(/^startsecs=.*$/m, "startsecs=1"));
    return { ssh, index, project, sh: (script, more) => run(script, project, more), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
