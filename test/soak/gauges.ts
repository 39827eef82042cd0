// What is looked at for drift: here and on the hosts, what lives long, what runs, and what lies about.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine, descendants, processesIn, processesOf, until } from "../lab/processes.js";
import { program } from "../lab/program.js";
import type { Site } from "../lab/site.js";
import { supervisedBelow } from "../lab/supervised.js";
import type { Sample } from "./drift.js";

/** Memory that is a process's own, in KiB (RssAnon of proc_pid_status(5)). */
function memoryOf(pid: number): number {
  const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib);
}

const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

const sumOf = <T>(list: readonly T[], of: (one: T) => number) => list.reduce((sum, one) => sum + of(one), 0);

interface Tree {
  /** Of everything, folders too. */
  files: number;
  /** Without logs, whose writers have limits of their own, and without the history. */
  kib: number;
  history: number;
}

const longestHistory = "longest history of a host, KiB";

/** What may grow, and up to what: a history is two files, each of them up to 256 KiB and a line more. */
export const limits: Sample = { [longestHistory]: 2 * (256 + 4) };

/** What is below a folder. By a process of its own: users must not wait while we look at a hundred thousand files. */
async function treeOf(folder: string): Promise<Tree> {
  const { status, stdout, report } = await program("find", [
    folder,
    "-ignore_readdir_race",
    "-mindepth",
    "1",
    "-printf",
    "%b %P\\n",
  ]);
  if (status !== 0) throw new Error(report);
  const tree: Tree = { files: 0, kib: 0, history: 0 };
  for (const line of stdout.split("\n").filter(Boolean)) {
    const [, blocks, path = ""] = /^(\d+) (.*)$/.exec(line) ?? [];
    // A block is of 512 bytes, whatever the file system.
    const kib = Number(blocks) / 2;
    tree.files++;
    if (/(^|\/)\.essay\/history(\.1)?\.jsonl$/.test(path)) tree.history += kib;
    else if (!/(^|\/)logs\//.test(path)) tree.kib += kib;
  }
  return tree;
}

const treesOf = (folders: readonly string[]) => Promise.all(folders.map(treeOf));

/** Where things may lie about that are in no home. */
const common = ["/tmp", "/var/tmp", "/dev/shm", "/run"];

/** How many things there are that belong to these accounts. */
function lyingAbout(uids: ReadonlySet<number>): number {
  return sumOf(
    common,
    (folder) =>
      readdirSync(folder).filter((name) =>
        uids.has(lstatSync(join(folder, name), { throwIfNoEntry: false })?.uid ?? -1),
      ).length,
  );
}

/** Processes here that our programs have left, or are. */
const here = (site: Site) => processesIn(site.directory);

/** What runs on the hosts besides what has come to stay; connections too. */
function passing(site: Site): number[] {
  const staying = new Set([
    ...supervisedBelow(site.ssh.directory),
    ...site.balancers.flatMap((nginx) => [nginx.pid(), ...nginx.workers()]),
  ]);
  return site.ssh.hosts.flatMap(({ uid }) => processesOf(uid)).filter((pid) => !staying.has(pid));
}

/** Measures all when nothing of ours is under way any more; what still runs after 20 s is measured, too. */
export async function measure(site: Site): Promise<Sample> {
  const passed = () => passing(site).length === 0 && here(site).length === 0;
  await until("the end of what passes by", passed).catch(() => {});
  const own = descendants(process.pid);
  const daemons: Record<string, number[]> = {
    "es-index": [site.index.pid],
    sshd: own.filter((pid) => commandLine(pid).includes("[listener]")),
    nginx: site.balancers.map((nginx) => nginx.pid()),
    supervisord: supervisedBelow(site.ssh.directory).filter((pid) => /\/supervisord /.test(commandLine(pid))),
  };
  const of = (what: string, unit: string, one: (pid: number) => number) =>
    Object.fromEntries(
      Object.entries(daemons).map(([name, pids]) => [`${what} of ${name}${unit}`, sumOf(pids, one)]),
    );
  const web = await treesOf(site.web.map(({ disk }) => disk.seen));
  const front = await treesOf(site.front.map(({ home }) => home));
  const index = await treeOf(site.index.directory);
  const ours = await treesOf(["home", "run", "tmp"].map((name) => join(site.directory, name)));
  return {
    ...of("memory", ", KiB", memoryOf),
    ...of("descriptors", "", descriptorsOf),
    "processes on the hosts": sumOf(site.web, ({ uid }) => processesOf(uid).length),
    "processes on the balancers": sumOf(site.front, ({ uid }) => processesOf(uid).length),
    "processes here": new Set([...own, ...here(site)]).size,
    "files on the hosts": sumOf(web, ({ files }) => files),
    "files on the balancers": sumOf(front, ({ files }) => files),
    "files of the index": index.files,
    "files here": sumOf(ours, ({ files }) => files),
    "things in /tmp and the like": lyingAbout(new Set(site.ssh.hosts.map(({ uid }) => uid))),
    "disk of the hosts, KiB": sumOf(web, ({ kib }) => kib),
    "disk of the balancers, KiB": sumOf(front, ({ kib }) => kib),
    "disk here, KiB": sumOf(ours, ({ kib }) => kib),
    [longestHistory]: Math.max(...web.map(({ history }) => history)),
  };
}
