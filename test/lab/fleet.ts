// Many SSH hosts on loopback that are alike: each has an address of its own, and all have one user. For measuring;
// tests that look at what is on a host take sshd.ts.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alone, claim } from "./claim.js";
import { type FaultProxy, startProxy } from "./fault-proxy.js";
import { accepts, freePort } from "./ports.js";
import { until } from "./processes.js";
import { addressesOfOne, alike, makeKey, makeUser, startOne } from "./sshd.js";

/** One way to the fleet: directly, or through the delaying proxy. */
export interface Way {
  port: number;
  /** File for ssh -F: user, port, identity, known hosts. */
  sshConfig: string;
}

export interface Fleet {
  /** 127.NUMBER.x.y, one a host. */
  addresses: string[];
  direct: Way;
  /** Through the proxy, where that was asked for. */
  delayed: Way | undefined;
  /** The client's private key, without a passphrase. */
  identityFile: string;
  /** A folder for files about the fleet. */
  directory: string;
  /** Ends sshd, its connections, and every process of the fleet's user. */
  stop(): Promise<void>;
}

export interface FleetOptions {
  hosts: number;
  /** Starts a proxy that holds each byte so many milliseconds, in each direction. */
  delay?: number;
  /** How many hosts can be reached through it (all). */
  delayed?: number;
}

/** Starts a fleet. Needs root, as it makes a user. */
export async function startFleet({ hosts, delay, delayed: behind = hosts }: FleetOptions): Promise<Fleet> {
  if (process.getuid?.() !== 0) throw new Error("the fleet has a user of its own: run this as root");
  const { number, directory, release } = await claim();
  const path = (name: string) => join(directory, name);
  const addresses = Array.from(
    { length: hosts },
    (_, place) => `127.${number}.${Math.floor(place / 250) + 1}.${(place % 250) + 1}`,
  );
  mkdirSync(path("keys"), { mode: 0o700 });
  mkdirSync(path("home"), { mode: 0o755 });
  const hostKey = makeKey(path("keys/host"));
  writeFileSync(path("authorized"), `${makeKey(path("keys/client"))}\n`, { mode: 0o644 });
  const user = await alone(() => makeUser(number, `essay-lab-${number}-1`, path("home/1"), "/bin/sh"));

  const makeWay = (name: string, port: number): Way => {
    const knownHosts = path(`known_hosts-${name}`);
    writeFileSync(knownHosts, addresses.map((address) => `[${address}]:${port} ${hostKey}\n`).join(""));
    const lines = [
      `User ${user.name}`,
      `Port ${port}`,
      `IdentityFile ${path("keys/client")}`,
      "IdentitiesOnly yes",
      `UserKnownHostsFile ${knownHosts}`,
      "GlobalKnownHostsFile /dev/null",
    ];
    writeFileSync(path(`ssh_config-${name}`), `${lines.join("\n")}\n`);
    return { port, sshConfig: path(`ssh_config-${name}`) };
  };

  const [first = ""] = addresses;
  const direct = makeWay("direct", await freePort(first));
  const stops: (() => Promise<void>)[] = [];
  for (let at = 0; at < hosts; at += addressesOfOne)
    stops.push(
      await startOne(directory, String(at), [
        `Port ${direct.port}`,
        ...addresses.slice(at, at + addressesOfOne).map((address) => `ListenAddress ${address}`),
        `HostKey ${path("keys/host")}`,
        `AuthorizedKeysFile ${path("authorized")}`,
        `AllowUsers ${user.name}`,
        ...alike,
        "LogLevel ERROR",
        // In a real fleet each host has its own limit; these share one.
        "MaxStartups 1000",
      ]),
    );
  let proxy: FaultProxy | undefined;
  const stop = async () => {
    await proxy?.stop();
    for (const one of stops) await one();
    release();
  };
  try {
    // The last one of each sshd, which listens on them in this order: for each look it starts a process.
    for (const address of addresses.filter(
      (_, place) => (place + 1) % addressesOfOne === 0 || place === hosts - 1,
    ))
      await until(`sshd on ${address}:${direct.port}`, () => accepts(address, direct.port), 10_000);
    let delayed: Way | undefined;
    if (delay !== undefined) {
      const way = makeWay("delayed", await freePort(first));
      const routes = addresses.slice(0, behind).map((address) => ({
        from: { address, port: way.port },
        to: { address, port: direct.port },
      }));
      proxy = await startProxy(routes, delay);
      delayed = way;
    }
    return { addresses, direct, delayed, identityFile: path("keys/client"), directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
