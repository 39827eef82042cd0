// One round: a deploy in which each host has a fault of its own, then the same deploy again without any, and what is
// wrong with the outcome.

import { fetchPage } from "../lab/http.js";
import { type Ran, recordsOf } from "../lab/program.js";
import { type Case, casesOf, faultOf, nameOf } from "./cases.js";
import { type Fleet, type Mode, port } from "./fleet.js";
import type { Verdict } from "./verdict.js";

// What a record may say that failed by a fault.
const codes = {
  connecting: ["unreachable", "timeout", "connection-lost"],
  running: ["connection-lost", "timeout"],
  // The key that came is another one indeed.
  corruptConnecting: [
    "unreachable",
    "timeout",
    "connection-lost",
    "host-key-changed",
    "host-key-unknown",
    "auth-failed",
  ],
};

function allowed({ kind, connecting, mode }: Case): readonly string[] {
  if (kind === "pause") return ["ok"];
  const list = connecting ? (kind === "corrupt" ? codes.corruptConnecting : codes.connecting) : codes.running;
  return ["ok", ...list, ...(mode === "session" ? ["lock-lost"] : [])];
}

// biome-ignore lint/suspicious/noExplicitAny: records of every kind
type Any = any;

function judge(one: Case, record: Any, broken: boolean): Verdict {
  const error = record?.error;
  const code: string = error?.code ?? "ok";
  const wrong: string[] = [];
  if (record === undefined) wrong.push("the host has no record");
  if (!broken) wrong.push("the fault was not reached");
  if (!allowed(one).includes(code)) wrong.push(`it failed with ${code}: ${error?.message}`);
  if (code === "connection-lost" && !/begun|before the command began/.test(error.message))
    wrong.push(`it does not say whether the command had begun: ${error.message}`);
  return { name: nameOf(one), code, wrong };
}

/** Deploys to one host without any fault; the cases that its connections give. */
export async function soundCases(fleet: Fleet, mode: Mode, version: string): Promise<Case[]> {
  fleet.prepare(version, [0]);
  fleet.proxy.plan([]);
  const ran = await fleet.deploy(mode, version, 1);
  if (ran.status !== 0) throw new Error(`a deploy without any fault failed\n${ran.report}`);
  return casesOf(mode, fleet.proxy.connections);
}

/** The page of each host, by what it serves now. */
async function pages(fleet: Fleet, hosts: number): Promise<string[]> {
  const asked = fleet.ssh.hosts
    .slice(0, hosts)
    .map(({ address }) => fetchPage(`http://${address}:${port}/`).catch(() => ({ body: "no answer" })));
  return (await Promise.all(asked)).map(({ body }) => body.trim());
}

/** One record for each host, in the order of the hosts; undefined where there is none or more than one. */
function byHost(fleet: Fleet, ran: Ran): Any[] {
  const records = recordsOf(ran.stdout);
  return fleet.ssh.hosts.map(({ address }) => {
    const own = records.filter(({ host }) => host === address);
    return own.length === 1 ? own[0] : undefined;
  });
}

/** Whether es-venv is to have work: the case is about that; in a session it is es-venv for which the lock is taken. */
const needsBroken = (one: Case | undefined) => one?.mode === "session" || one?.phase.startsWith("es-venv");

/** Whether it has to be noticed that nothing comes any more: also where a length has become a larger one. */
const isSilent = ({ kind }: Case) => kind === "stall" || kind === "corrupt";

/** Tries the cases, each on a host of its own. */
export async function tryRound(fleet: Fleet, version: string, cases: readonly Case[]): Promise<Verdict[]> {
  const mode = cases[0]?.mode ?? "steps";
  const broken = [...cases.keys()].filter((place) => needsBroken(cases[place]));
  fleet.prepare(version, broken);
  fleet.proxy.plan(cases.map(faultOf));
  const ran = await fleet.deploy(mode, version, cases.length, cases.some(isSilent) ? "short" : "long");
  const hit = new Set(fleet.proxy.connections.filter(({ broken }) => broken).map(({ route }) => route));
  const records = byHost(fleet, ran);
  const verdicts = cases.map((one, place) => judge(one, records[place], hit.has(place)));
  const all = (wrong: string) => {
    for (const verdict of verdicts) verdict.wrong.push(wrong);
  };
  const status = verdicts.some(({ code }) => code !== "ok") ? 1 : 0;
  if (ran.status !== status) all(`exit status ${ran.status}, not ${status}\n${ran.report}`);
  const served = await pages(fleet, cases.length);
  for (const [place, verdict] of verdicts.entries())
    if (verdict.code === "ok" && served[place] !== `version ${version}`)
      verdict.wrong.push(`called well, but serves ${served[place]}`);

  // Where the network is silent, nobody tells the host; it must notice.
  for (const lock of await fleet.heldLocks()) all(`held while nothing is heard: ${lock}`);
  fleet.proxy.plan([]);
  for (const left of await fleet.leftovers(false)) all(`left after the fault: ${left}`);
  const again = await fleet.deploy(mode, version, cases.length);
  if (again.status !== 0) all(`the rerun ended with ${again.status}`);
  const healed = byHost(fleet, again);
  const now = await pages(fleet, cases.length);
  for (const [place, verdict] of verdicts.entries()) {
    const { error, processes } = healed[place] ?? {};
    if (error) verdict.wrong.push(`the rerun failed with ${error.code}: ${error.message}`);
    else if (processes?.[0]?.state !== "RUNNING") verdict.wrong.push("nothing is RUNNING after the rerun");
    if (now[place] !== `version ${version}`) verdict.wrong.push(`after the rerun it serves ${now[place]}`);
  }
  for (const left of await fleet.leftovers(true)) all(`left after the rerun: ${left}`);
  return verdicts;
}
