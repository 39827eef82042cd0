// Which virtualenv of a host a step is about: that of the record, or one that the command line names.

import { Failure } from "./base/failure.js";
import type { RecordWith, Venv } from "./base/schema.js";
import type { Settings } from "./config/settings.js";
import { checkPrefix, checkVenvName } from "./venv/name.js";

/** The directory of virtualenvs, unless told otherwise ~/PROJECT. It begins with / or, for the host, with ~. */
export function prefixFor(
  settings: Settings,
  flag: string | undefined,
  record: RecordWith<"prefix" | "project">,
): string {
  const prefix = settings.find("prefix", { flag, record: record.prefix });
  if (prefix !== undefined) return checkPrefix(prefix);
  const project = settings.find("project", { record: record.project });
  return project === undefined ? settings.need("prefix") : checkPrefix(`~/${project}`);
}

/**
 * The virtualenv: the one that `flag` (--venv) names in the prefix, else the record's. Its path may begin
 * with ~/ when it comes from a flag. Throws Failure "no-venv" where neither names one.
 */
export function venvFor(
  settings: Settings,
  flag: string | undefined,
  record: RecordWith<"prefix" | "project" | "venv">,
): Venv {
  if (flag === undefined && record.venv) return record.venv;
  if (flag === undefined)
    throw new Failure("no-venv", "the record has no field venv: name one by --venv, or run es-venv before");
  if (record.venv?.name === flag) return record.venv;
  const prefix = prefixFor(settings, undefined, record).replace(/\/$/, "");
  return { name: checkVenvName(flag), path: `${prefix}/${flag}` };
}

/** Throws Failure "live" when a virtualenv that nginx serves now would be changed without --live. */
export function refuseLive(name: string, record: RecordWith<"live">, allowed: boolean): void {
  if (record.live !== name || allowed) return;
  throw new Failure("live", `nginx serves ${name} now: it is changed only with --live`);
}

/**
 * What es-venv would have done to the virtualenv of a record that is on a dry run: made it from nothing, or made or
 * mended it; undefined where it is as it should be, and where no es-venv has looked.
 */
export function plannedVenv({ plan, trace }: RecordWith<"plan" | "trace">): "made" | "mended" | undefined {
  if (!plan) return undefined;
  const planned = (trace ?? []).filter((entry) => entry.plan && entry.step === "es-venv" && entry.changed);
  if (planned.length === 0) return undefined;
  return planned.some(({ args }) => args.includes("--recreate")) ? "made" : "mended";
}

/**
 * In a dry run, whether one of these steps would have changed something before: what is there now is then not
 * what a later step would find.
 */
export function wouldHaveChanged(
  { plan, trace }: RecordWith<"plan" | "trace">,
  steps: readonly string[],
): boolean {
  if (!plan) return false;
  // Entries of an earlier run, which was none, may be there, too.
  return (trace ?? []).some((entry) => entry.plan && entry.changed && steps.includes(entry.step));
}
