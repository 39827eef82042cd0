// What goes wrong while a pipeline is under way on a site: one thing, at a moment that a seed decides.

import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { scriptsOn } from "../lab/commands.js";
import type { Fault as Broken } from "../lab/fault-proxy.js";
import { commandLine, kill, processesIn } from "../lab/processes.js";
import type { Ran } from "../lab/program.js";
import type { Site } from "../lab/site.js";

/** What may happen to a switch. */
export const switchKinds = [
  "step killed",
  "session killed",
  "script killed",
  "connection reset",
  "connection ended",
  "connection silent",
] as const;
/** What may happen to a deploy. */
export const deployKinds = [...switchKinds, "index answers 500", "disk full"] as const;
export type Kind = (typeof deployKinds)[number];

export interface Fault {
  kind: Kind;
  /** The place of the host to which it happens, among all. */
  host: number;
  /** When: a part of what the pipeline takes where nothing goes wrong. */
  moment: number;
}

/** A number from 0 up to 1 that follows from the words alone. */
export function chance(...words: readonly (string | number)[]): number {
  return createHash("sha256").update(words.join(" ")).digest().readUInt32BE() / 2 ** 32;
}

/** Which fault a pipeline meets; undefined: none, as it is for all but the given part of them. */
export function faultOf(
  seed: number,
  name: string,
  part: number,
  kinds: readonly Kind[],
  hosts: readonly [from: number, to: number],
): Fault | undefined {
  if (chance(seed, name, "whether") >= part) return undefined;
  const kind = kinds[Math.floor(chance(seed, name, "kind") * kinds.length)];
  const host = hosts[0] + Math.floor(chance(seed, name, "host") * (hosts[1] - hosts[0]));
  // Not at its very end: it may well be over by then.
  return kind && { kind, host, moment: 0.9 * chance(seed, name, "moment") };
}

/** What a pipeline comes to where nothing goes wrong. */
export interface Usual {
  ms: number;
  /** Exchanges with the index. */
  exchanges: number;
  /** Bytes that come from a host by its first connection. */
  bytes: number;
}

const proxyKinds: Partial<Record<Kind, Broken["kind"]>> = {
  "connection reset": "reset",
  "connection ended": "end",
  "connection silent": "stall",
};

/** Those of our programs that are under way on the site, and how they were begun. */
const programs = (site: Site, names: RegExp) =>
  processesIn(site.directory).filter((pid) => names.test(commandLine(pid)));

// es begins its stages by the files that they are.
const stepNames = /\/es-(venv|pip|supervisor|check|nginx-switch)(\.c?js)? /;
const sessionNames = /\/es(-session)?(\.c?js)? /;

/** What a fault kills of that which runs now; of the steps one. */
function victims(site: Site, { kind, host, moment }: Fault): number[] {
  const target = site.ssh.hosts[host];
  if (kind === "script killed") return target ? scriptsOn(target) : [];
  if (kind === "session killed") return programs(site, sessionNames);
  const steps = programs(site, stepNames);
  const place = Math.floor(chance("step", moment) * steps.length);
  return steps.slice(place, place + 1);
}

/** Has happen now what happens to a host or a program; false where there is nothing that it could happen to. */
function strikeNow(site: Site, fault: Fault): boolean {
  const { disk } = site.web[fault.host] ?? {};
  if (fault.kind === "disk full") {
    disk?.leaveRoom(0);
    return disk !== undefined;
  }
  const found = victims(site, fault);
  kill(found);
  return found.length > 0;
}

/** Plans what the network or the index does, and returns what tells whether it has; undefined for other faults. */
function planned(site: Site, { kind, host, moment }: Fault, usual: Usual): (() => boolean) | undefined {
  if (kind === "index answers 500") {
    const exchange = 1 + Math.floor(moment * usual.exchanges);
    site.exchanges.plan(exchange, "500");
    return () => site.exchanges.count >= exchange;
  }
  const broken = proxyKinds[kind];
  if (broken === undefined) return undefined;
  const plan: (Broken | undefined)[] = Array(site.ssh.hosts.length).fill(undefined);
  const after = Math.floor(moment * usual.bytes);
  plan[host] = { kind: broken, connection: 0, direction: "down", after };
  site.proxy.plan(plan);
  return () => site.proxy.connections.some((one) => one.broken);
}

/** From here on nothing goes wrong. */
function mend(site: Site, fault?: Fault): void {
  site.proxy.plan([]);
  site.exchanges.plan(0, "500");
  if (fault?.kind === "disk full") site.web[fault.host]?.disk.leaveRoom(undefined);
}

/** Runs a pipeline in which nothing goes wrong, and tells what it has come to. */
export async function runWhole(site: Site, run: () => Promise<Ran>): Promise<[Ran, Usual]> {
  mend(site);
  const began = performance.now();
  const ran = await run();
  const ms = performance.now() - began;
  const bytes = Math.max(0, ...site.proxy.connections.map(({ down }) => down));
  return [ran, { ms, exchanges: site.exchanges.count, bytes }];
}

/** Runs a pipeline in which something goes wrong; `hit`: it happened while the pipeline was under way. */
export async function strike(
  site: Site,
  fault: Fault,
  usual: Usual,
  run: () => Promise<Ran>,
): Promise<{ ran: Ran; hit: boolean }> {
  mend(site);
  const hasCome = planned(site, fault, usual);
  let over = false;
  const ended = run().finally(() => {
    over = true;
  });
  let hit = false;
  try {
    if (!hasCome) await Promise.race([pause(fault.moment * usual.ms), ended]);
    while (!hasCome && !over && !hit) {
      hit = strikeNow(site, fault);
      // A script may have ended just now, and the next one not have begun.
      if (!hit) await pause(5);
    }
    const ran = await ended;
    return { ran, hit: hasCome ? hasCome() : hit };
  } finally {
    mend(site, fault);
  }
}
