// Where a build happens: on this machine, or on a host that --on or build.on names. The same scripts serve both.

import { UsageError } from "./base/failure.js";
import type { Settings } from "./config/settings.js";
import type { buildHostOptions, Flags } from "./flags.js";
import { sshOptions } from "./host-step.js";
import { looksLikeHost } from "./hosts/address.js";
import { selectHosts } from "./hosts/inventory.js";
import type { Target } from "./transport/contract.js";
import { openTransport } from "./transport/open.js";
import type { Circumstances, ScriptRun } from "./transport/run-script.js";
import { readScript, type ScriptOutput } from "./transport/script-output.js";

/** A machine that builds. */
export interface BuildHost {
  /** How messages name it: "this machine", or the host as it was typed. */
  name: string;
  isHere: boolean;
  /**
   * Runs a script there and gives its output, which may be long, to `take`, no faster than that reads it; a
   * payload goes with the script. Resolves to what `take` gave when the script has ended well; throws Failure.
   */
  run<T>(
    script: Omit<ScriptRun, "stdout" | "results">,
    task: Circumstances,
    take: (output: ScriptOutput) => Promise<T>,
  ): Promise<T>;
}

function targetOf(word: string, settings: Settings): { name: string; target: Target } {
  const roles = settings.config.values.roles ?? {};
  const isRole = !looksLikeHost(word) && Object.hasOwn(roles, word);
  const hosts = selectHosts([isRole ? { word } : { word, host: true }], roles, {});
  const [host] = hosts;
  if (!host || (hosts.length > 1 && !isRole))
    throw new UsageError(`a build happens on one host, and ${word} names ${hosts.length}`);
  const { user, port } = host;
  const name = `${user === undefined ? "" : `${user}@`}${host.host}${port === undefined ? "" : `:${port}`}`;
  return { name, target: host };
}

/**
 * Runs `step` with the machine that `--on`, else build.on of the configuration names: a host, or a role, whose
 * first host it is. Connections end with it. Throws UsageError for what is no host.
 */
export async function onBuildHost(
  flags: Flags<typeof buildHostOptions>,
  settings: Settings,
  step: (host: BuildHost) => Promise<number>,
): Promise<number> {
  const word = settings.find("buildHost", { flag: flags.on });
  const { name, target } = targetOf(word ?? "@local", settings);
  const isHere = target.transport === "local";
  const transport = openTransport(sshOptions(flags, settings));
  const host: BuildHost = {
    name: isHere ? "this machine" : name,
    isHere,
    run: (script, task, take) => readScript(transport, target, script, task, take),
  };
  try {
    return await step(host);
  } finally {
    await transport.close();
  }
}
