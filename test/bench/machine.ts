// The machine that the numbers are from, as far as it says nothing of whose it is.

import { readFileSync } from "node:fs";
import { arch, cpus, totalmem } from "node:os";

export interface Machine {
  processor: string;
  memory: string;
  system: string;
}

export function describeMachine(): Machine {
  const [first] = cpus();
  const [, system = "Linux"] =
    /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8")) ?? [];
  return {
    processor: `${cpus().length} x ${first?.model.trim() || "unknown"} (${arch()})`,
    memory: `${(totalmem() / 1024 ** 3).toFixed(0)} GiB`,
    system: `${system}, Node ${process.versions.node}`,
  };
}
