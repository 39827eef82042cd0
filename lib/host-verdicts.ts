// Verdicts on versions, on the hosts: looked for, and added to.

import { normaliseName } from "./base/distribution.js";
import { Failure, UsageError } from "./base/failure.js";
import { noting } from "./base/note.js";
import { badVerdict, describeBad, readVerdicts, type Verdict, verdictLine } from "./status/verdicts.js";
import type { Target, Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";
import { readVersion } from "./version/label.js";
import { normalVersion } from "./version/pep440.js";

/** A version as it was typed, in normal form. Throws UsageError. */
export async function typedVersion(text: string): Promise<string> {
  const version = (await readVersion(text))?.version;
  if (version === undefined) throw new UsageError(`${text} is no version (PEP 440)`);
  return version;
}

/** Why the version that is installed is bad, as one clause; undefined where it is not. */
export async function whyBad(
  lines: readonly string[],
  project: string | undefined,
  version: string | null,
): Promise<string | undefined> {
  if (project === undefined || version === null) return undefined;
  const normal = (await normalVersion(version)) ?? version;
  const bad = badVerdict(readVerdicts(lines), normaliseName(project), normal);
  return bad && describeBad(bad);
}

/** Throws Failure "bad-version" where the version of the project is marked bad on the host. */
export async function refuseBad(
  transport: Transport,
  target: Target,
  prefix: string,
  [project, version]: readonly [project: string, version: string],
  task: Circumstances,
): Promise<void> {
  const run = { parts: ["state", "verdicts", "verdict"], args: [prefix], code: "status-failed" };
  const results = await runScript(transport, target, run, task);
  const why = await whyBad(results.all("verdict"), project, version);
  if (why !== undefined) throw new Failure("bad-version", `${project} ${version} is ${why}`);
}

/** Says of a version on the host what the verdict says; false where that was its last one already. */
export async function addVerdict(
  transport: Transport,
  target: Target,
  prefix: string,
  verdict: Verdict,
  task: Circumstances,
): Promise<boolean> {
  const { project, version, why } = verdict;
  const named = { ...verdict, project: normaliseName(project) };
  const sentence = `${project} ${version} marked ${verdict.verdict}${why === undefined ? "" : `: ${why}`}`;
  const run = {
    parts: ["state", "verdicts", "verdict"],
    args: [prefix, sentence, ...verdictLine(named)],
    code: "status-failed",
  };
  const results = await runScript(transport, target, run, noting(task, { project, version }));
  const last = readVerdicts(results.all("verdict")).findLast(
    (one) => one.project === named.project && one.version === version,
  );
  if (!task.plan && last?.verdict !== verdict.verdict)
    throw new Failure("status-failed", `${sentence} was written on the host, and is not there`);
  return results.all("change").length > 0;
}
