// Two machines on a wire: network namespaces (network_namespaces(7)) with addresses that are not loopback. Nothing
// that happens there reaches another network, and all of it goes with this process.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { identity, until } from "./processes.js";
import { bins, program, type Ran, type RunOptions } from "./program.js";

/** One of the machines. */
export interface Machine {
  /** Its first address. */
  address: string;
  /** What goes before a command that is to run there. */
  enter: readonly string[];
  /** Runs a script by bash there, with our executables in PATH. */
  sh(script: string, options?: RunOptions): Promise<Ran>;
  /** Configures its network by ip(8); throws with what it says. */
  ip(...args: string[]): void;
}

export interface Network {
  control: Machine;
  /** Has all addresses that were wanted, besides its first one. */
  hosts: Machine;
  stop(): Promise<void>;
}

// For documentation, and so nobody's (RFC 5737).
const addressOf = (last: number) => `192.0.2.${last}`;

/** A process that keeps a network namespace, until this process ends at the latest. */
async function keep(): Promise<ChildProcess> {
  const words = ["--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"];
  const child = spawn("setpriv", words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  await once(child, "spawn");
  const own = readlinkSync("/proc/self/ns/net");
  await until("a network namespace", () => {
    if (identity(child.pid as number) === undefined)
      throw new Error(`this test makes network namespaces, and this machine does not let it: ${said}`);
    return readlinkSync(`/proc/${child.pid}/ns/net`) !== own;
  });
  return child;
}

function machine({ pid }: ChildProcess, address: string): Machine {
  const enter = ["nsenter", `--net=/proc/${pid}/ns/net`];
  const [first = "", ...rest] = enter;
  return {
    address,
    enter,
    sh: (script, options = {}) => {
      const env = { ...options.env, PATH: `${bins}:${process.env.PATH}` };
      return program(first, [...rest, "bash", "-c", script], { ...options, env });
    },
    ip: (...args) => {
      execFileSync(first, [...rest, "ip", ...args], { stdio: ["ignore", "ignore", "inherit"] });
    },
  };
}

/** Makes both machines. `hosts`: how many addresses hosts have, 192.0.2.2 and those after it. */
export async function makeNetwork(hosts: number): Promise<Network> {
  const keepers = [await keep(), await keep()] as const;
  const [control, far] = [machine(keepers[0], addressOf(1)), machine(keepers[1], addressOf(2))];
  control.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", String(keepers[1].pid));
  for (let place = 0; place < hosts; place++)
    far.ip("address", "add", `${addressOf(2 + place)}/24`, "dev", "eth0");
  control.ip("address", "add", `${control.address}/24`, "dev", "eth0");
  for (const one of [control, far]) for (const name of ["lo", "eth0"]) one.ip("link", "set", name, "up");
  return {
    control,
    hosts: far,
    stop: async () => {
      for (const keeper of keepers) {
        const gone = once(keeper, "exit");
        keeper.kill("SIGKILL");
        await gone;
      }
    },
  };
}
