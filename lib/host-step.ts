// What every step that reaches hosts opens first and closes last: its settings and a transport.

import { UsageError } from "./base/failure.js";
import { didYouMean } from "./base/nearest.js";
import type { Context } from "./cli.js";
import { loadConfig } from "./config/load.js";
import { Settings } from "./config/settings.js";
import { type commonOptions, type Flags, type hostOptions, type waitOption, wholeNumber } from "./flags.js";
import { noteTaker } from "./history.js";
import type { SshOptions, Transport } from "./transport/contract.js";
import { openTransport } from "./transport/open.js";

export interface Hosts {
  settings: Settings;
  transport: Transport;
}

/** How the flags and the configuration want hosts to be reached. Throws UsageError. */
export function sshOptions(flags: Flags<typeof hostOptions>, settings: Settings): SshOptions {
  const { ssh } = flags;
  if (ssh !== undefined && ssh !== "openssh")
    throw new UsageError(`--ssh takes openssh, not ${ssh}${didYouMean(ssh, ["openssh"])}`);
  const config = settings.find("sshConfig", { flag: flags["ssh-config"] });
  return { config, acceptNew: flags["accept-new"], openssh: ssh === "openssh" };
}

/** How many seconds to wait for a lock that another run has. Throws UsageError. */
function secondsToWait(flag: string | undefined, settings: Settings): number {
  const said = settings.find("wait", { flag });
  if (said === undefined) return 0;
  return wholeNumber(flag === undefined ? "ESSAY_WAIT" : "--wait", said, 1, 86_400);
}

/** Seconds; a year. */
const asLongAsItTakes = 31_536_000;

/**
 * Seconds that a script has to bring something about, of a record's time in milliseconds (0 for no limit): what is
 * left of it is for telling what has not come about.
 */
export function secondsForScript(timeout: number): number {
  if (timeout === 0) return asLongAsItTakes;
  const margin = Math.max(Math.min(5000, timeout / 3), timeout / 11);
  return Math.max(1, Math.floor((timeout - margin) / 1000));
}

/** Runs `step` with the settings and a transport of this run; connections end with it. */
export async function onHosts<T>(
  context: Context,
  flags: Flags<typeof hostOptions & Pick<typeof commonOptions, "jobs">> & Partial<Flags<typeof waitOption>>,
  step: (hosts: Hosts) => Promise<T>,
): Promise<T> {
  const settings = new Settings(await loadConfig(context));
  const jobs = settings.find("jobs", { flag: flags.jobs });
  if (jobs !== undefined) context.jobs = Number(jobs);
  context.note = noteTaker(context, settings);
  const wait = "wait" in flags ? secondsToWait(flags.wait, settings) : 0;
  // The time that a record has is for the work on it, not for waiting.
  if (context.timeout > 0) context.timeout += wait * 1000;
  const transport = openTransport(sshOptions(flags, settings), { wait });
  const place = transport.place?.bind(transport);
  if (place) context.place = place;
  try {
    return await step({ settings, transport });
  } finally {
    await transport.close();
  }
}
