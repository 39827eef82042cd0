// Two machines on a wire: network namespaces (network_namespaces(7)) with addresses that are not loopback. Nothing
// that happens there reaches another network, and all of it goes with this process.

import { execFileSync } from "node:child_process";
import { keepNamespace, type Namespace } from "./namespace.js";
import { pathWithBins, program, type Ran, type RunOptions } from "./program.js";

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

function machine({ enter }: Namespace, address: string): Machine {
  const [first = "", ...rest] = enter;
  return {
    address,
    enter,
    sh: (script, options = {}) => {
      const env = { ...options.env, PATH: pathWithBins };
      return program(first, [...rest, "bash", "-c", script], { ...options, env });
    },
    ip: (...args) => {
      execFileSync(first, [...rest, "ip", ...args], { stdio: ["ignore", "ignore", "inherit"] });
    },
  };
}

/** Makes both machines. `hosts`: how many addresses hosts have, 192.0.2.2 and those after it. */
export async function makeNetwork(hosts: number): Promise<Network> {
  const keepers = [await keepNamespace("net"), await keepNamespace("net")] as const;
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
      for (const keeper of keepers) await keeper.stop();
    },
  };
}
