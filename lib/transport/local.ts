// The transport to this machine: a child process in a session of its own.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { userInfo } from "node:os";
import { Failure } from "../base/failure.js";
import type { Channel, Ended, Target, Transport } from "./contract.js";
import { withPipes } from "./descriptors.js";

/** Where sshd would begin, too: the home directory, or / where we cannot enter that. */
function startDirectory(): string {
  try {
    const home = process.env.HOME || userInfo().homedir;
    // The dot asks for a directory.
    accessSync(`${home}/.`, constants.X_OK);
    return home;
  } catch {
    return "/";
  }
}

/** Our environment as sshd's would be: without what belongs to this run of ours, as a daemon would keep it for ever. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ESSAY_")));
}

/** Runs commands by /bin/sh on this machine, each in its own process group, as sshd would. */
export class LocalTransport implements Transport {
  async start(_target: Target, command: string): Promise<Channel> {
    // Detached: the script may signal its whole process group, which must not be ours.
    const how = { stdio: "pipe", detached: true, cwd: startDirectory(), env: environment() } as const;
    const child = withPipes(spawn("/bin/sh", ["-c", command], how), "a command on this machine");
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("exit", (status, signal) => resolve({ status, signal: signal?.replace(/^SIG/, "") ?? null }));
      child.on("error", (error) =>
        reject(new Failure("exec-failed", `cannot run /bin/sh: ${error.message}`)),
      );
    });
    ended.catch(() => {}); // whoever awaits it hears of it
    const { stdin, stdout, stderr } = child;
    const destroy = () => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    };
    return { stdin, stdout, stderr, ended, destroy };
  }

  async close(): Promise<void> {}
}
