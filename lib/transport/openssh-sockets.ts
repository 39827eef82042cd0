// Where the sockets of ssh's master connections lie: a private directory that goes with this process, however
// that ends.

import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Guard } from "./guard.js";

/** A socket's path has 104 bytes on some systems; ssh appends 17 to its own while it makes it. */
const longestPath = 104 - 17 - 1;

/** Sockets of this process. */
export class SocketDirectory {
  readonly path: string;
  readonly #guard: Guard;
  #sockets = 0;

  constructor() {
    const name = "essay-XXXXXX/999999";
    const roots = [process.env.XDG_RUNTIME_DIR, tmpdir(), "/tmp"];
    const root = roots.find((path) => path && Buffer.byteLength(join(path, name)) <= longestPath) ?? "/tmp";
    this.path = mkdtempSync(join(root, "essay-"));
    this.#guard = new Guard(this.path);
  }

  /** A path for the next socket; names that begin with it are its owner's, too. */
  next(): string {
    return join(this.path, String(this.#sockets++));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    await this.#guard.dismiss();
  }
}
