// A namespace of a test's own (namespaces(7)): of networks, or of mounts. All that is in it goes with it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { identity, until } from "./processes.js";

export interface Namespace {
  /** A process that is in it. */
  pid: number;
  /** What goes before a command that is to run there. */
  enter: readonly string[];
  stop(): Promise<void>;
}

const flags = { net: "--net", mnt: "--mount" } as const;

/** Makes a namespace, and a process that keeps it, until this process ends at the latest. Needs root. */
export async function keepNamespace(kind: keyof typeof flags): Promise<Namespace> {
  const words = ["--pdeathsig", "KILL", "unshare", flags[kind], "sleep", "infinity"];
  const child = spawn("setpriv", words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await once(child, "spawn");
  const pid = child.pid as number;
  const own = readlinkSync(`/proc/self/ns/${kind}`);
  await until(`a namespace of its own, ${kind}`, () => {
    if (identity(pid) === undefined)
      throw new Error(`this test makes namespaces, and this machine does not let it: ${said}`);
    return readlinkSync(`/proc/${pid}/ns/${kind}`) !== own;
  });
  return {
    pid,
    enter: ["nsenter", `${flags[kind]}=/proc/${pid}/ns/${kind}`],
    stop: async () => {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
