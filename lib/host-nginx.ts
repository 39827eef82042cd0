// Which nginx of a host a step is about.

import { UsageError } from "./base/failure.js";
import type { Settings } from "./config/settings.js";
import type { Flags, nginxOptions, switchFileOptions } from "./flags.js";

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
