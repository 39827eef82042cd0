// Looking at a host by lib/remote/status.sh, and what that tells, as fields of its record.

import type { System, VenvStatus } from "./base/schema.js";
import { parseProcesses } from "./supervisor/processes.js";
import type { Target, Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";

/** What is to be looked at. */
export interface Looking {
  /** The directory of virtualenvs. */
  prefix: string;
  /** This virtualenv alone, and another one to compare it with. */
  only?: string | undefined;
  other?: string | undefined;
  project: string | undefined;
  /** How many of the last changes. */
  last: number;
  aim: "look" | "compare" | "ready" | "end-strays";
}

/** Looks at a host. Throws Failure "status-failed" and those of lib/remote/status.sh. */
export function lookAtHost(
  transport: Transport,
  target: Target,
  { prefix, only, other, project, last, aim }: Looking,
  task: Circumstances,
) {
  const script = {
    parts: ["state", "processes", "supervisord-rpc", "status-look", "verdicts", "status"],
    args: [prefix, only ?? "-", other ?? "-", project ?? "-", String(last), aim],
    locks: aim === "ready" ? `${prefix.replace(/\/$/, "")}/${only}` : undefined,
    code: "status-failed",
  };
  return runScript(transport, target, script, task);
}

/** What a script said, by name. */
interface Told {
  all(name: string): readonly string[];
  get(name: string): string | undefined;
}

const numberOr = (text: string | undefined) => (text === undefined || text === "-" ? null : Number(text));
const textOr = (text: string | undefined) => (text === undefined || text === "-" ? null : text);

/** The values of a name for each virtualenv, whose name stands in front. */
function byVenv(told: Told, kind: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of told.all(kind)) {
    const [, name = "", rest = ""] = /^(\S+) (.*)$/s.exec(line) ?? [];
    found.set(name, [...(found.get(name) ?? []), rest]);
  }
  return found;
}

/** The virtualenvs of the host, in the order of their names. */
export function venvsOf(told: Told): VenvStatus[] {
  const prefix = told.get("prefix") ?? "";
  const [marks, processes, use, silent, held, strays] = (
    ["mark", "process", "use", "silent", "held", "stray"] as const
  ).map((kind) => byVenv(told, kind));
  return told.all("venv").map((line) => {
    const [name = "", state = "", python, version, generation, started, supervisor] = line.split(" ");
    const [cpu, memory] = (use?.get(name)?.[0] ?? "").split(" ");
    const who = held?.get(name)?.[0];
    return {
      name,
      path: `${prefix}/${name}`,
      state: state as VenvStatus["state"],
      marks: marks?.get(name) ?? [],
      ...(who !== undefined && { held: who }),
      python: textOr(python),
      version: textOr(version),
      generation: numberOr(generation) ?? 0,
      started: numberOr(started),
      supervisor: numberOr(supervisor) !== null ? "running" : silent?.has(name) ? "silent" : "down",
      processes: parseProcesses(processes?.get(name) ?? []),
      cpu: cpu ? Number(cpu) : null,
      memory: memory ? Number(memory) : null,
      strays: (strays?.get(name) ?? []).map((stray) => {
        const [, pid = "", user = "", command = ""] = /^(\d+) \d+ (\S+) (.*)$/s.exec(stray) ?? [];
        return { pid: Number(pid), user, command };
      }),
    };
  });
}

/** The processes of a virtualenv that are to be RUNNING and are not, each as "NAME STATE". */
export function lackingIn(told: Told, venv: string): string[] {
  return byVenv(told, "lacking").get(venv) ?? [];
}

/** Load and memory of the host; undefined where it has no interpreter to tell. */
export function systemOf(told: Told): System | undefined {
  const line = told.get("system");
  if (line === undefined) return undefined;
  const [one, five, fifteen, cpus, memory, free, uptime] = line.split(" ").map(numberOr);
  return {
    load: [one, five, fifteen].flatMap((value) => value ?? []),
    cpus: cpus ?? null,
    memory: memory ?? null,
    free: free ?? null,
    uptime: uptime ?? null,
  };
}
