// What is held on a host for as long as we want it: by a script that ends when we do. See hold.sh.

import { asFailure, Failure } from "../base/failure.js";
import { Results } from "../remote/results.js";
import type { Target, Transport } from "./contract.js";
import { runScript, type ScriptRun } from "./run-script.js";

/**
 * Runs a script that takes something and holds it until `signal` is aborted; calls `held` when it has it. Resolves to why
 * it has ended, be it that it never got so far; never throws.
 */
export function hold(
  transport: Transport,
  target: Target,
  script: Pick<ScriptRun, "parts" | "args" | "code">,
  signal: AbortSignal,
  held: () => void,
): Promise<Failure> {
  const results = new Results();
  const stdout = (chunk: Buffer) => {
    results.push(chunk);
    if (results.get("locked") !== undefined && !signal.aborted) held();
  };
  const task = { signal, plan: false, show: undefined };
  return runScript(transport, target, { ...script, lasts: true, results, stdout }, task).then(
    () => new Failure(script.code, `the script that held it on ${target.host} has ended`),
    (error: unknown) => asFailure(error),
  );
}
