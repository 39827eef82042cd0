// Hosts behind a network that breaks, and a deploy of four steps to them that does real work each time: es-venv
// mends, es-pip installs another version, es-supervisor starts anew, es-check asks for the new page.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scratchOf } from "../lab/claim.js";
import type { FaultProxy } from "../lab/fault-proxy.js";
import { type LabIndex, startIndex } from "../lab/index.js";
import { isHeld } from "../lab/lock.js";
import { commandLine, kill, processesOf, until } from "../lab/processes.js";
import { type Ran, shell } from "../lab/program.js";
import { impatient, proxied } from "../lab/proxied.js";
import { type LabHost, type SshLab, startSshd } from "../lab/sshd.js";
import { supervisedBelow } from "../lab/supervised.js";
import { tiny } from "../lab/tiny.js";
import { server, template } from "../lab/versioned.js";

/** Each step with connections of its own, or all of them with those of one es-session. */
export type Mode = "steps" | "session";

export interface Fleet {
  ssh: SshLab;
  proxy: FaultProxy;
  /** Deploys the version to the first so many hosts. */
  deploy(mode: Mode, version: string, hosts: number, patience?: Patience): Promise<Ran>;
  /**
   * Puts a version on the index, so that all steps from es-pip on have work to do. The virtualenvs of the hosts in these
   * places are broken a little, for es-venv, whose work has pip read anew what it is made of, and takes its time.
   */
  prepare(version: string, broken: readonly number[]): void;
  /**
   * Waits until nothing of ours runs on the hosts, and gives what is left there, and here, all the same. Where work
   * was cut short, the virtualenv is marked so; `healed`: that must not be any more.
   */
  leftovers(healed: boolean): Promise<string[]>;
  /** The locks that are held still when hosts that hear nothing must have noticed, which takes some 10 s. */
  heldLocks(): Promise<string[]>;
  stop(): Promise<void>;
}

/** The port of the one process, on each host's own address. */
export const port = 8800;

/** How soon a network that is silent is taken for dead: in a minute, as a machine that has much to do needs it, or soon. */
export type Patience = "long" | "short";
const patient = "ConnectTimeout 60\nServerAliveInterval 20\nServerAliveCountMax 3\n";

/** The locks of the virtualenv that somebody holds. */
const locksOn = ({ prefix }: LabHost) =>
  ["deploy", "lock"]
    .map((ending) => join(prefix, `.essay/a.${ending}`))
    .filter(isHeld)
    .map((path) => `lock ${path}`);

/** What scripts have left: folders in /tmp, held locks; and, where all is `healed`, half-made files and marks. */
function leftOn(host: LabHost, healed: boolean, known: ReadonlySet<string>): string[] {
  const { uid, prefix } = host;
  const scratch = scratchOf(uid).filter((path) => !known.has(path));
  const locked = locksOn(host);
  if (!healed) return [...scratch, ...locked];
  const half = readdirSync(prefix, { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.essay\/changing|\.new$|\/~/.test(path),
  );
  return [...scratch, ...locked, ...half.map((path) => join(prefix, path))];
}

export async function startFleet(hosts: number): Promise<Fleet> {
  const directory = mkdtempSync(join(tmpdir(), "essay-faults-"));
  const ssh = await startSshd({ hosts });
  const { proxy, inventory, sshConfig } = await proxied(ssh);
  const index: LabIndex = await startIndex();
  const file = join(directory, "supervisord.conf");
  const temporary = join(directory, "tmp");
  const known = new Set(ssh.hosts.flatMap(({ uid }) => scratchOf(uid)));
  mkdirSync(temporary);
  writeFileSync(file, template);
  const patiently = join(directory, "ssh_config-patient");
  writeFileSync(patiently, `${patient}Include ${sshConfig}\n`);
  const configs: Record<Patience, string> = { long: patiently, short: impatient(directory, sshConfig) };

  const prefix = "~/essay_demo";
  const pipeline = (version: string, count: number) =>
    [
      `es-hosts ${inventory.slice(0, count).join(" ")} --prefix '${prefix}' --bind '{host}'`,
      "es-venv a",
      `es-pip tiny==${version}`,
      `es-supervisor up --template ${file} --project tiny --profile test --processes 1 --port-prefix 880`,
      "es-check --expect-version",
    ].join(" | ");

  const strangers = () =>
    ssh.hosts.flatMap(({ uid, prefix: folder }) => {
      const supervised = new Set(supervisedBelow(folder));
      return processesOf(uid)
        .filter((pid) => !supervised.has(pid))
        .map((pid) => `process ${commandLine(pid)}`);
    });

  return {
    ssh,
    proxy,
    deploy: (mode, version, count, patience = "long") => {
      const script = pipeline(version, count);
      const env = { ESSAY_SSH_CONFIG: configs[patience], ESSAY_INDEX: index.url, TMPDIR: temporary };
      const options = { cwd: directory, limit: 600_000, env };
      return shell(mode === "steps" ? script : `es-session sh -c "${script}"`, options);
    },
    prepare: (version, broken) => {
      tiny(index.directory, version, "tiny", server(version));
      for (const [place, { prefix: folder }] of ssh.hosts.entries())
        if (broken.includes(place)) rmSync(join(folder, "a/bin/pip"), { force: true });
    },
    heldLocks: async () => {
      const held = () => ssh.hosts.flatMap(locksOn);
      await until("the end of all locks", () => held().length === 0).catch(() => {});
      return held();
    },
    leftovers: async (healed) => {
      await until("the end of all remote commands", () => strangers().length === 0).catch(() => {});
      const here = readdirSync(temporary).map((name) => `here ${name}`);
      return [...strangers(), ...ssh.hosts.flatMap((host) => leftOn(host, healed, known)), ...here];
    },
    stop: async () => {
      for (const { prefix: folder } of ssh.hosts) kill(supervisedBelow(folder));
      await proxy.stop();
      await index.stop();
      await ssh.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
