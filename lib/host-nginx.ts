// Which nginx of a host a step is about, and what it does to it.

import { UsageError } from "./base/failure.js";
import type { Settings } from "./config/settings.js";
import type { Flags, nginxOptions, switchFileOptions } from "./flags.js";
import type { Target, Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";

/**
 * The program and its main configuration as the scripts take them: "-" for the configuration that the program was
 * built with. Throws UsageError for a path that does not say where it begins.
 */
export function nginxFor(
  settings: Settings,
  flags: Flags<typeof nginxOptions>,
): { bin: string; conf: string } {
  const bin = settings.find("nginxBin", { flag: flags.bin }) ?? "nginx";
  const conf = settings.find("nginxConf", { flag: flags.conf }) ?? "-";
  if (conf !== "-" && !/^~?\//.test(conf))
    throw new UsageError(`${conf}: name nginx's configuration by its whole path on the host`);
  return { bin, conf };
}

/** The file that names the upstream, as the scripts take it: "-" for the main configuration. */
export function switchFileFor(
  settings: Settings,
  flags: Pick<Flags<typeof switchFileOptions>, "switch-conf">,
): string {
  return settings.find("nginxSwitchConf", { flag: flags["switch-conf"] }) ?? "-";
}

/** What is to be done to an nginx. */
export interface Control {
  verb: string;
  bin: string;
  conf: string;
  /** When it stops, connections come to their end. */
  drain?: boolean;
  /** Seconds that there are for it. */
  limit: number;
}

/** Starts, stops, reloads or tests it. Throws Failure "nginx-failed" and those of lib/remote/nginx-control.sh. */
export function controlNginx(
  transport: Transport,
  target: Target,
  { verb, bin, conf, drain = false, limit }: Control,
  task: Circumstances,
) {
  const script = {
    parts: [
      "processes",
      "systemd",
      "hold",
      "nginx",
      "nginx-lock",
      "nginx-file",
      "nginx-note",
      "nginx-reload",
      "nginx-control",
    ],
    args: [verb, bin, conf, drain ? "drain" : "-", String(limit)],
    code: "nginx-failed",
  };
  return runScript(transport, target, script, task);
}
