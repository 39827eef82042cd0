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
  /** When: a part of what the pipeline takes where nothing goes wrong, from 0 up to 1. */
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
  return kind && { kind, host, moment: chance(seed, name, "moment") };
}

/** What a pipeline comes to where nothing goes wrong. */
export interface Usual {
  ms: number;
  /** Exchanges with the index. */
  exchanges: number;
  /** Bytes that come from a host by its first connection. */
  bytes: number;
}

export interface Struck {
  ran: Ran;
  /** The fault has happened, while the pipeline was under way. */
  hit: boolean;
}

const proxyKinds: Partial<Record<Kind, Broken["kind"]>> = {
  "connection reset": "reset",
  "connection ended": "end",
  "connection silent": "stall",
};

/** Runs a pipeline in which nothing goes wrong, and tells what it has come to. */
export async function runWhole(site: Site, run: () => Promise<Ran>): Promise<[Ran, Usual]> {
  site.proxy.plan([]);
  site.exchanges.plan(0, "500");
  const began = performance.now();
  const ran = await run();
  const ms = performance.now() - began;
  const bytes = Math.max(0, ...site.proxy.connections.map(({ down }) => down));
  return [ran, { ms, exchanges: site.exchanges.count, bytes }];
}

/** Those of our programs that are under way on the site, and how they were begun. */
const programs = (site: Site, names: RegExp) =>
  processesIn(site.directory).filter((pid) => names.test(commandLine(pid)));

const stepNames = /\/es-(venv|pip|supervisor|check|nginx-switch) /;
const sessionNames = /\/es(-session)? /;

/** Kills what is there at the moment; false when nothing is. */
function killOne(site: Site, { kind, host, moment }: Fault): boolean {
  if (kind === "script killed") {
    const target = site.ssh.hosts[host];
    const scripts = target ? scriptsOn(target) : [];
    kill(scripts);
    return scripts.length > 0;
  }
  const found = programs(site, kind === "step killed" ? stepNames : sessionNames);
  // Which step it is must not depend on the moment alone: a later one waits for an earlier one.
  const victims =
    kind === "step killed" ? found.slice(Math.floor(chance(moment) * found.length)).slice(0, 1) : found;
  kill(victims);
  return victims.length > 0;
}

/** Runs a pipeline in which something goes wrong. */
export async function strike(
  site: Site,
  fault: Fault,
  usual: Usual,
  run: () => Promise<Ran>,
): Promise<Struck> {
  const { kind, host, moment } = fault;
  const broken = proxyKinds[kind];
  const at = Math.floor(moment * usual.bytes);
  const plan: (Broken | undefined)[] = Array(site.ssh.hosts.length).fill(undefined);
  if (broken) plan[host] = { kind: broken, connection: 0, direction: "down", after: at };
  site.proxy.plan(plan);
  const exchange = 1 + Math.floor(moment * usual.exchanges);
  site.exchanges.plan(kind === "index answers 500" ? exchange : 0, "500");

  let over = false;
  const ended = run().finally(() => {
    over = true;
  });
  const { disk } = site.web[host] ?? {};
  let hit = false;
  try {
    if (/killed|disk/.test(kind)) await Promise.race([pause(moment * usual.ms), ended]);
    if (kind === "disk full" && disk && !over) {
      disk.leaveRoom(0);
      hit = true;
    }
    // A script may have ended just now, and the next one not have begun.
    while (/killed/.test(kind) && !over && !hit) {
      hit = killOne(site, fault);
      if (!hit) await pause(5);
    }
    const ran = await ended;
    if (broken) hit = site.proxy.connections.some((one) => one.broken);
    if (kind === "index answers 500") hit = site.exchanges.count >= exchange;
    return { ran, hit };
  } finally {
    if (kind === "disk full") disk?.leaveRoom(undefined);
    site.exchanges.plan(0, "500");
    site.proxy.plan([]);
  }
}
