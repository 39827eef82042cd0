// Where a build takes its commits from, and where it keeps what it fetches: folders of the machine that builds.

import { resolve } from "node:path";
import { UsageError } from "./base/failure.js";
import { isRemote } from "./base/repository.js";
import type { BuildHost } from "./build-host.js";
import type { Settings } from "./config/settings.js";

const isAbsolute = (path: string) => /^(\/|~(\/|$))/.test(path);

/** A folder or a URL. */
export interface BuildSource {
  source: string;
  isFolder: boolean;
}

/**
 * The repository: --repo, else git.repo, else the one of the working directory. A folder is one of the machine
 * that builds; on another host its name must begin with / or ~. Throws UsageError.
 */
export function buildSource(settings: Settings, flag: string | undefined, host: BuildHost): BuildSource {
  const said = flag ?? settings.config.values.git?.repo;
  if (said !== undefined && isRemote(said)) return { source: said, isFolder: false };
  if (!host.isHere && (said === undefined || !isAbsolute(said)))
    throw new UsageError(
      `${said === undefined ? "the repository of this folder" : said} is not on ${host.name}: name one with --repo or git.repo, by its URL or as a folder there that begins with / or ~`,
    );
  if (!host.isHere && said !== undefined) return { source: said, isFolder: true };
  return { source: resolve(settings.find("repo", { flag }) ?? process.cwd()), isFolder: true };
}

/** The folder for what is fetched: --cache, else build.path; undefined for the usual one. Throws UsageError. */
export function buildCache(
  settings: Settings,
  flag: string | undefined,
  host: BuildHost,
): string | undefined {
  const said = flag ?? settings.config.values.build?.path;
  if (said === undefined || said.startsWith("~/")) return said;
  if (host.isHere) return resolve(flag === undefined ? settings.config.directory : process.cwd(), said);
  if (isAbsolute(said)) return said;
  throw new UsageError(`${said} is no folder of ${host.name}: begin it with / or ~`);
}
