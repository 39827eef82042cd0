// What happens when es-session is killed with -9: a process of its own, that sees this, ends what the session ran
// and takes its directory away.

import { spawn } from "node:child_process";
import { once } from "node:events";

// Reads process ids, one on each line, until the line "done". Where the end comes before it, the session was killed.
// The signal comes first: a shell that is left alone with its failed steps goes on with its next line.
const script = `trap '' HUP INT QUIT TERM
pids=
while read -r line; do
    [ "$line" != done ] || exit 0
    pids="$pids $line"
done
[ -z "$pids" ] || kill -TERM $pids
rm -rf "$1"`;

/** Watches over a session from its making on. */
export class Guard {
  readonly #child;

  /** `directory` goes when we are killed. */
  constructor(directory: string) {
    // Detached: what is sent to our process group is not meant for it.
    this.#child = spawn("/bin/sh", ["-c", script, "es-session-guard", directory], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
    });
    this.#child.on("error", () => {}); // a session without a guard is better than none
    this.#child.stdin.on("error", () => {});
    this.#child.unref();
  }

  /** A process that is to get SIGTERM when we are killed. */
  watch(pid: number): void {
    this.#child.stdin.write(`${pid}\n`);
  }

  /** Nothing is left to be done. */
  async dismiss(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.ref();
    this.#child.stdin.end("done\n");
    await gone;
  }
}
