// Whether a virtualenv could be served, as it was found on a host.

import { Failure } from "../base/failure.js";
import type { VenvStatus } from "../base/schema.js";

/**
 * Throws Failure for the first reason why a virtualenv should not be served: not-ready, half-done, not-running,
 * bad-version. `lacking` are its processes that are to be RUNNING and are not, each as "NAME STATE".
 */
export function refuseUnready(venv: VenvStatus, lacking: readonly string[]): void {
  const { name, state, marks, supervisor, processes, started, generation, version, bad } = venv;
  if (state === "marked")
    throw new Failure("half-done", `${name} is half-done: ${marks.join(", ")} was cut short`);
  if (state === "broken") throw new Failure("not-ready", `the python of ${name} does not run`);
  if (version === null) throw new Failure("not-ready", `the project is not installed in ${name}`);
  if (bad !== undefined) throw new Failure("bad-version", `${version} in ${name} is ${bad}`);
  if (supervisor !== "running") throw new Failure("not-running", `no supervisord answers in ${name}`);
  if (started === null)
    throw new Failure("not-ready", `the start of the processes of ${name} was not completed`);
  if (started !== generation)
    throw new Failure("not-ready", `${name} has changed since its processes were started`);
  const [first, ...more] = lacking.map((one) => one.replace(" ", " is "));
  if (first !== undefined) throw new Failure("not-ready", `${name}: ${[first, ...more].join(", ")}`);
  if (!processes.some((one) => one.state === "RUNNING"))
    throw new Failure("not-ready", `nothing runs in ${name}`);
}

/** Throws Failure "same-version" where the two virtualenvs have the same version of the project. */
export function refuseSame(project: string, one: VenvStatus, other: VenvStatus | undefined): void {
  if (one.version !== null && one.version === other?.version)
    throw new Failure("same-version", `${one.name} and ${other.name} both have ${project} ${one.version}`);
}
