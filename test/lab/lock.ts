// Locks as another run would have them.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

/** Takes a lock by flock(1), as the scripts of hosts do. Resolves, when it is held, to what releases it. */
export async function lock(file: string): Promise<() => Promise<void>> {
  // It is held until cat sees the end of its input, which comes with our end at the latest.
  const holder = spawn("flock", [file, "sh", "-c", "echo; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(holder, "close");
  const [line] = await Promise.race([once(holder.stdout, "data"), ended.then(() => [])]);
  if (line === undefined) throw new Error(`no lock on ${file}`);
  return async () => {
    holder.stdin.end();
    await ended;
  };
}

/** Whether somebody holds the lock of a file; of one that is not there nobody does. */
export const isHeld = (file: string): boolean =>
  existsSync(file) && spawnSync("flock", ["-n", file, "true"]).status !== 0;
