// Where the sockets of ssh's master connections lie: a private directory that goes with this process, however
// that ends.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket's path has 104 bytes on some systems; ssh appends 17 to its own while it makes it. */
const longestPath = 104 - 17 - 1;

/** A shell waits for the end of our pipe to it, and takes the directory away. */
export class SocketDirectory {
  readonly path: string;
  readonly #guard: ChildProcess;
  #sockets = 0;

  constructor() {
    const name = "essay-XXXXXX/999999";
    const roots = [process.env.XDG_RUNTIME_DIR, tmpdir(), "/tmp"];
    const root = roots.find((path) => path && Buffer.byteLength(join(path, name)) <= longestPath) ?? "/tmp";
    this.path = mkdtempSync(join(root, "essay-"));
    this.#guard = spawn("/bin/sh", ["-c", 'read -r _; rm -rf -- "$0"', this.path], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#guard.on("error", () => {});
    this.#guard.stdin?.on("error", () => {});
    this.#guard.unref();
  }

  /** A path for the next socket; names that begin with it are its owner's, too. */
  next(): string {
    return join(this.path, String(this.#sockets++));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
    this.#guard.stdin?.end();
  }
}
