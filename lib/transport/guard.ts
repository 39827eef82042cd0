// What happens when a program of ours is killed with -9: a process of its own, that sees this, ends what the program
// ran and takes its directory away.

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";

// Reads process ids, one on each line, until the line "done". Where the end comes before it, we were killed.
// The signal comes first: a shell that is left alone with its failed steps goes on with its next line. Then what
// these have begun in the same process group, such as a program that the shell waited for, but not before steps had
// the time to write their records.
const script = `trap '' HUP INT QUIT TERM
commands=
while read -r line; do
    [ "$line" != done ] || exit 0
    commands="$commands $line"
done

# Process, parent and group of all.
all() {
    ps -A -o pid= -o ppid= -o pgid= 2>/dev/null ||
        cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\\([0-9]*\\) (.*) [A-Z] \\([0-9]*\\) \\([0-9]*\\) .*/\\1 \\2 \\3/p'
}

family=$(all | awk -v commands="$commands" '
    BEGIN { split(commands, list); for (i in list) begun[list[i]] }
    { parent[$1] = $2; group[$1] = $3 }
    END {
        for (pid in parent) {
            above = pid
            while (above in parent && !(above in begun)) above = parent[above]
            if (above in begun && above != pid && group[above] == group[pid]) print pid, group[pid]
        }
    }')
[ -z "$commands" ] || kill -TERM $commands
rm -rf "$1"
[ -n "$family" ] || exit 0
sleep 3
all | while read -r pid _ group; do
    ! printf '%s\\n' "$family" | grep -qxF "$pid $group" || kill -TERM "$pid"
done`;

/** Watches over this process from its making on. */
export class Guard {
  readonly #child;

  /** `directory` goes when we are killed. */
  constructor(directory: string) {
    // Detached: what is sent to our process group is not meant for it.
    this.#child = spawn("/bin/sh", ["-c", script, "essay-guard", directory], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
    });
    this.#child.on("error", () => {}); // a program without a guard is better than none
    this.#child.stdin.on("error", () => {});
    this.#child.unref();
  }

  /**
   * Takes the ids of processes, each on a line, which are to get SIGTERM when we are killed. A process that has
   * this stream may tell of itself; as long as it has it, we are taken to be alive.
   */
  get watched(): Writable {
    return this.#child.stdin;
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
