// Claims: a number, and a directory named by it, that one lab has for itself while its process lives. From the
// number come the lab's addresses (127.0.NUMBER.x; of a fleet 127.NUMBER.x.y) and users (essay-lab-NUMBER-x).

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lock } from "./lock.js";
import { identity, kill, processesOf } from "./processes.js";

export interface Claim {
  number: number;
  /** A directory that everybody may look into. */
  directory: string;
  /** Ends the processes of this number's users, takes the directory and what they left away, gives the number back. */
  release(): void;
}

/** Does something that two processes of this machine must not do at once. */
export async function alone<T>(work: () => T | Promise<T>): Promise<T> {
  const release = await lock(`/tmp/essay-lab-${process.getuid?.()}.lock`);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Name and uid of the users that belong to a number. */
export function usersOf(number: number): { name: string; uid: number; gid: number; shell: string }[] {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name]) => name?.startsWith(`essay-lab-${number}-`))
    .map(([name = "", , uid, gid, , , shell = ""]) => ({ name, uid: Number(uid), gid: Number(gid), shell }));
}

/** The private folders of a user's scripts that are in /tmp. */
export const scratchOf = (uid: number): string[] =>
  readdirSync("/tmp")
    .filter((name) => /^essay\.[0-9a-f]{16}$/.test(name))
    .map((name) => join("/tmp", name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === uid);

function clean(number: number, directory: string): void {
  for (const { uid } of usersOf(number)) {
    for (let left = processesOf(uid); left.length > 0; left = processesOf(uid)) kill(left);
    // A script that is killed takes nothing away.
    for (const path of scratchOf(uid)) rmSync(path, { recursive: true, force: true });
  }
  rmSync(`/etc/sudoers.d/essay-lab-${number}`, { force: true });
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

function attempt(number: number): Claim | undefined {
  const directory = `/tmp/essay-lab-${number}`;
  const owner = join(directory, "owner");
  try {
    const text = readFileSync(owner, "utf8");
    if (identity(Number.parseInt(text, 10)) === text) return undefined;
    // Its lab was killed.
    clean(number, directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return undefined;
  }
  try {
    mkdirSync(directory, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
  writeFileSync(owner, identity(process.pid) as string);
  return { number, directory, release: () => clean(number, directory) };
}

/** Claims the lowest number that is free; what a killed lab left under it is taken away first. */
export function claim(): Promise<Claim> {
  return alone(() => {
    for (let number = 1; number < 250; number++) {
      const claimed = attempt(number);
      if (claimed) return claimed;
    }
    throw new Error("all numbers are taken: look at /tmp/essay-lab-*");
  });
}
