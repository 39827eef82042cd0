// A disk that can be full: a tmpfs at a place of its own, which only the processes of a mount namespace have there.

import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import type { Namespace } from "./namespace.js";

const plenty = "128m";

export class Disk {
  readonly #space: Namespace;
  readonly #place: string;

  /** `place`: a folder, which need not be a disk yet. */
  constructor(space: Namespace, place: string) {
    this.#space = space;
    this.#place = place;
  }

  #run(...words: string[]): void {
    const [program = "", ...args] = [...this.#space.enter, ...words];
    execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  }

  /** Where we see what is on it. */
  get seen(): string {
    return join(`/proc/${this.#space.pid}/root`, this.#place);
  }

  /** From now on it is there, empty, and belongs to this account. */
  mount({ uid, gid }: { uid: number; gid: number }): void {
    const options = `size=${plenty},mode=0755,uid=${uid},gid=${gid}`;
    this.#run("mount", "-t", "tmpfs", "-o", options, "none", this.#place);
  }

  /** Takes it away, also from those who use it. */
  unmount(): void {
    this.#run("umount", "--lazy", this.#place);
  }

  /** Leaves so many KiB; undefined: plenty. It must not be empty, as tmpfs takes a size of 0 for no limit. */
  leaveRoom(kib: number | undefined): void {
    const { blocks, bfree, bsize } = statfsSync(this.seen);
    const size = kib === undefined ? plenty : String((blocks - bfree) * bsize + kib * 1024);
    this.#run("mount", "-o", `remount,size=${size}`, this.#place);
  }
}
