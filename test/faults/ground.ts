// Hosts whose disks fill up and whose programs vanish: one sshd in a mount namespace. Each host has two disks, its
// prefix and its TMPDIR, and a PATH of one folder, with links to the programs that it has.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isSshd, scriptsOn, strangersOn } from "../lab/commands.js";
import { Disk } from "../lab/disk.js";
import { isHeld } from "../lab/lock.js";
import { keepNamespace, type Namespace } from "../lab/namespace.js";
import { kill, processesOf } from "../lab/processes.js";
import { type LabHost, startSshd } from "../lab/sshd.js";
import { supervisedBelow } from "../lab/supervised.js";

/** A program that does not come to its end, once it is begun with words of this kind. */
export interface Slow {
  program: string;
  /** A pattern of sh for its words, with a space before and after them. */
  words: string;
  /** Where it stands still: before it has done its work, or when all of that is done. */
  at: "beginning" | "end";
}

/** Where Debian has it, and where es-supervisor looks for it besides PATH. */
const supervisord = "/usr/bin/supervisord";

/** The text of a program that stands still, which it tells by the file "reached". */
function standing({ program, words, at }: Slow): string {
  if (program === "supervisord")
    // Its first line names the Python that has supervisor's modules.
    return `#!/usr/bin/python3
import os, time
open(os.environ["HOME"] + "/reached", "w").close()
time.sleep(1000)
`;
  const real = `/usr/bin/${program}`;
  const stand = `: >"$HOME/reached"; exec sleep 1000`;
  return `#!/bin/sh
case " $* " in ${words}) ;; *) exec ${real} "$@" ;; esac
${at === "beginning" ? stand : `${real} "$@"; ${stand}`}
`;
}

/**
 * The text of what stands in for every program: it notes its place among all that are begun, in a folder of the host, and
 * stands still at the place `at` until it may go on. Creating a file that is not there is one act, so that two that are
 * begun at once have two places.
 */
const counting = (programs: string, folder: string, at: number) => `#!/bin/sh
name=\${0##*/}
set -C
exec 4>&2 2>/dev/null
n=1
until printf '%s\\n' "$name $*" >"${folder}/$n"; do n=$((n + 1)); done
exec 2>&4 4>&-
if [ "$n" = ${at} ]; then
    : >"${folder}/reached"
    while [ ! -e "${folder}/go" ]; do sleep 0.05; done
fi
exec "${programs}/$name" "$@"
`;

/** The same in the language of supervisord, by whose first line its Python is found. */
const countingPython = (programs: string, folder: string, at: number) => `#!/usr/bin/python3
import itertools, os, sys, time
name = os.path.basename(sys.argv[0])
for n in itertools.count(1):
    try:
        with open(f"${folder}/{n}", "x") as place:
            print(name, *sys.argv[1:], file=place)
        break
    except FileExistsError:
        pass
if n == ${at}:
    open("${folder}/reached", "w").close()
    while not os.path.exists("${folder}/go"):
        time.sleep(0.05)
os.execv(f"${programs}/{name}", sys.argv)
`;

/** Waiting is no work. */
const uncounted = new Set(["sh", "dash", "sleep"]);

/** Makes a folder with links to all programs but one. */
function linkPrograms(folder: string, missing?: string): void {
  mkdirSync(folder);
  for (const name of readdirSync("/usr/bin"))
    if (name !== missing && name !== "supervisord") symlinkSync(`/usr/bin/${name}`, join(folder, name));
  if (missing === "supervisord") return;
  // Whoever asks a supervisord does so by the Python of its first line.
  const text = readFileSync(supervisord, "utf8").replace(/^#!.*/, `#!${folder}/python3`);
  writeFileSync(join(folder, "supervisord"), text, { mode: 0o755 });
}

// What a step may leave where it has changed nothing: locks that nobody holds, the history of what failed, and what
// Python compiled.
const unimportant = /^\.essay(\/|$)|\/__pycache__(\/|$)/;

/** What is below a folder, a line for each: its kind, mode and owner; a file also by its size and its time. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => !unimportant.test(path))
    .sort()
    .map((path) => {
      const file = join(folder, path);
      const { mode, uid, size, mtimeMs } = lstatSync(file);
      const kind = lstatSync(file).isDirectory() ? "" : ` ${size} ${mtimeMs}`;
      const to = lstatSync(file).isSymbolicLink() ? ` -> ${readlinkSync(file)}` : "";
      return `${path} ${mode.toString(8)} ${uid}${kind}${to}`;
    });
}

/** A host to which things are done. */
export class Ground {
  readonly host: LabHost;
  readonly #space: Namespace;
  readonly #programs: string;
  #folders = 0;

  constructor(host: LabHost, space: Namespace, programs: string) {
    this.host = host;
    this.#space = space;
    this.#programs = programs;
  }

  #here(...words: string[]): void {
    const [program = "", ...args] = [...this.#space.enter, ...words];
    execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  }

  #placeOf(disk: "prefix" | "tmp"): string {
    return disk === "prefix" ? this.host.prefix : join(this.host.home, "tmp");
  }

  #disk(disk: "prefix" | "tmp"): Disk {
    return new Disk(this.#space, this.#placeOf(disk));
  }

  #use(programs: string): void {
    const link = join(this.host.home, "programs");
    rmSync(link, { force: true });
    symlinkSync(programs, link);
  }

  /** Another program in the place of one, or none. */
  #instead(program: string, text?: string, mode = 0o755): void {
    const folder = join(this.host.home, `programs-${this.#folders++}`);
    linkPrograms(folder, program);
    if (text !== undefined) {
      writeFileSync(join(folder, program), text);
      chmodSync(join(folder, program), mode);
    }
    this.#use(folder);
  }

  /** Where we see a file below the prefix. */
  seen(path: string): string {
    return join(`/proc/${this.#space.pid}/root`, this.host.prefix, path);
  }

  #tmp(name: string): string {
    return join(`/proc/${this.#space.pid}/root`, this.host.home, "tmp", name);
  }

  /** Makes it as it was at first: empty disks, all programs, nothing running. */
  clear(): void {
    const { uid, gid, home } = this.host;
    for (let left = processesOf(uid); left.length > 0; left = processesOf(uid)) kill(left);
    for (const disk of ["prefix", "tmp"] as const) {
      const place = this.#placeOf(disk);
      if (existsSync(place)) this.#disk(disk).unmount();
      else mkdirSync(place);
      this.#disk(disk).mount({ uid, gid });
    }
    // tmpfs takes a size of 0 for none.
    writeFileSync(this.#tmp("filler"), Buffer.alloc(4096));
    rmSync(join(home, "reached"), { force: true });
    rmSync(this.#counted, { recursive: true, force: true });
    this.#use(this.#programs);
  }

  get #counted(): string {
    return join(this.host.home, "counted");
  }

  /** From now on the programs that are begun are counted, and the one at this place stands still; 0: none of them. */
  count(at: number): void {
    const { uid, gid, home } = this.host;
    mkdirSync(this.#counted);
    chownSync(this.#counted, uid, gid);
    const stand = join(this.#counted, "stand-in");
    writeFileSync(stand, counting(this.#programs, this.#counted, at), { mode: 0o755 });
    const standPython = join(this.#counted, "stand-in.py");
    writeFileSync(standPython, countingPython(this.#programs, this.#counted, at), { mode: 0o755 });
    const folder = join(home, `programs-${this.#folders++}`);
    mkdirSync(folder);
    for (const name of readdirSync(this.#programs))
      symlinkSync(
        uncounted.has(name) ? `/usr/bin/${name}` : name === "supervisord" ? standPython : stand,
        join(folder, name),
      );
    this.#use(folder);
  }

  /** The programs that were begun, with their words, in the order of their places. */
  counted(): string[] {
    const places = readdirSync(this.#counted).map(Number).filter(Boolean);
    return places
      .sort((one, other) => one - other)
      .map((place) => readFileSync(join(this.#counted, String(place)), "utf8").trim());
  }

  /** How many scripts have come since programs are counted: each is read by one dd, and its payload by some. */
  scriptsCounted(): number {
    const count = (pattern: RegExp) => this.counted().filter((words) => pattern.test(words)).length;
    return count(/^dd bs=\d+ count=1 iflag=fullblock$/) - count(/^dd bs=1 count=0 iflag=fullblock$/);
  }

  /** What stands still goes on. */
  goOn(): void {
    writeFileSync(join(this.#counted, "go"), "");
  }

  /** Puts a copy of a virtualenv, with all that is in it, into the prefix. */
  putVenv(from: string): void {
    const { prefix, uid, gid } = this.host;
    const script = 'cp -a "$1" "$2" && chown -hR "$3" "$2"';
    this.#here("sh", "-c", script, "sh", from, join(prefix, "a"), `${uid}:${gid}`);
  }

  /** Gives something below the prefix to root, with this mode, or back. */
  own(path: string, mode: number | undefined): void {
    const { prefix, uid, gid } = this.host;
    const file = join(prefix, path);
    this.#here("chown", mode === undefined ? `${uid}:${gid}` : "0:0", file);
    this.#here("chmod", mode === undefined ? "0755" : mode.toString(8), file);
  }

  /** Takes something out of the prefix, or puts it back. */
  hide(path: string, isHidden: boolean): void {
    const names = [join(this.host.prefix, path), join(this.host.home, "hidden")];
    this.#here("mv", ...(isHidden ? names : names.reverse()));
  }

  /** Leaves so many KiB on a disk; undefined: plenty. */
  leaveRoom(disk: "prefix" | "tmp", kib: number | undefined): void {
    this.#disk(disk).leaveRoom(kib);
  }

  /** Lets the prefix be read only, also where somebody has a file of it open to write; or be written again. */
  setWritable(isSo: boolean): void {
    const { prefix } = this.host;
    if (isSo) this.#here("umount", "--lazy", prefix);
    else {
      this.#here("mount", "--bind", prefix, prefix);
      this.#here("mount", "-o", "remount,bind,ro", prefix);
    }
  }

  lose(program: string): void {
    this.#instead(program);
  }

  /** The host's account may not run the program any more. */
  forbid(program: string): void {
    this.#instead(program, "#!/bin/sh\n", 0o644);
  }

  slow(slow: Slow): void {
    this.#instead(slow.program, standing(slow));
  }

  /** All programs are there again, and are quick. */
  mend(): void {
    this.#use(this.#programs);
    rmSync(join(this.host.home, "reached"), { force: true });
  }

  /** Whether the slow program stands still. */
  stands(): boolean {
    return [this.host.home, this.#counted].some((folder) => existsSync(join(folder, "reached")));
  }

  /** The processes of sshd for the connections of the host's account. */
  connections(): number[] {
    return processesOf(this.host.uid).filter((pid) => isSshd(pid));
  }

  /** The locks of the virtualenv that somebody holds. */
  locked(): string[] {
    return ["deploy", "lock"].filter((ending) => isHeld(this.seen(`.essay/a.${ending}`)));
  }

  /** What runs for the host's account, besides sshd and what is under supervisord. */
  strangers(): number[] {
    return strangersOn(this.host);
  }

  /** What is supervisord and what is under it, a line for each. */
  supervised(): string[] {
    const { prefix, uid } = this.host;
    return supervisedBelow(prefix, processesOf(uid)).map((pid) => `process ${pid}`);
  }

  /** What scripts have left in TMPDIR, a line for each. */
  left(): string[] {
    // The logs are supervisord's.
    const names = readdirSync(this.#tmp("")).filter(
      (name) => name !== "filler" && !/---supervisor-/.test(name),
    );
    return names.map((name) => `left ${name}`);
  }

  /** The scripts that run there. */
  scripts(): number[] {
    return scriptsOn(this.host);
  }

  /** What is there: files, processes that have come to stay, and what scripts have left in TMPDIR. */
  look(): string[] {
    return [...contents(this.seen("")), ...this.supervised(), ...this.left()];
  }

  /** What is noted of work that was cut short. */
  marks(): string[] {
    const file = this.seen("a/.essay/changing");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  }
}

/** Starts hosts. All that is mounted goes with `stop`, or with this process. */
export async function startGrounds(hosts: number) {
  const space = await keepNamespace("mnt");
  const ssh = await startSshd({
    hosts,
    enter: space.enter,
    configOf: ({ home }) => [`  SetEnv PATH=${home}/programs TMPDIR=${home}/tmp`],
  });
  const programs = join(ssh.directory, "programs");
  linkPrograms(programs);
  const [enter = "", ...args] = space.enter;
  execFileSync(enter, [...args, "mount", "--bind", "/dev/null", supervisord]);
  return {
    ssh,
    grounds: ssh.hosts.map((host) => new Ground(host, space, programs)),
    stop: async () => {
      await ssh.stop();
      await space.stop();
    },
  };
}
