// The lab's SSH hosts behind a fault proxy: the same addresses, on another port.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FaultProxy, startProxy } from "./fault-proxy.js";
import { freePort } from "./ports.js";
import type { SshLab } from "./sshd.js";

export interface Proxied {
  /** Route N is the way to the lab's host N. */
  proxy: FaultProxy;
  port: number;
  /** user@address:port of every host, by way of the proxy. */
  inventory: string[];
  /** File for ssh -F, as the lab's. */
  sshConfig: string;
}

/** Puts a proxy in front of a lab's hosts; stop it before the lab. `delay`: milliseconds in each direction. */
export async function proxied(lab: SshLab, delay?: number): Promise<Proxied> {
  const port = await freePort(lab.hosts[0]?.address);
  const routes = lab.hosts.map(({ address }) => ({
    from: { address, port },
    to: { address, port: lab.port },
  }));
  const proxy = await startProxy(routes, delay);
  const knownHosts = join(lab.directory, "known_hosts-proxied");
  const sshConfig = join(lab.directory, "ssh_config-proxied");
  writeFileSync(knownHosts, readFileSync(lab.knownHosts, "utf8").replaceAll(`]:${lab.port} `, `]:${port} `));
  writeFileSync(
    sshConfig,
    readFileSync(lab.sshConfig, "utf8")
      .replace(`Port ${lab.port}\n`, `Port ${port}\n`)
      .replace(lab.knownHosts, knownHosts),
  );
  const inventory = lab.hosts.map(({ user, address }) => `${user}@${address}:${port}`);
  return { proxy, port, inventory, sshConfig };
}

/** Writes, into a folder, a file for ssh -F by which a network that is silent for six seconds is taken for dead. */
export function impatient(directory: string, sshConfig: string): string {
  const file = join(directory, "ssh_config");
  const patience = "ConnectTimeout 5\nServerAliveInterval 2\nServerAliveCountMax 3\n";
  writeFileSync(file, `${patience}Include ${sshConfig}\n`);
  return file;
}
