#!/usr/bin/env node
// es-version: makes a release record with the next, the newest or a named version of a project.

import { isProjectName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import { didYouMean } from "../lib/base/nearest.js";
import { splitCredentials } from "../lib/base/url.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { caBundleOption } from "../lib/flags.js";
import { projectFiles } from "../lib/index/client.js";
import { produce, within } from "../lib/step.js";
import { newestVersion, normalVersion } from "../lib/version/pep440.js";
import { dayNamed, dayOf, nextVersion, now, schemeNamed } from "../lib/version/scheme.js";

const command = {
  name: "es-version",
  summary: "make a release record with the next or another version of a project",
  usage: [
    "next [--scheme SCHEME] [--date DAY] [--project NAME] [--index URL|NAME] [--ca-bundle FILE]",
    "latest [--project NAME] [--index URL|NAME] [--ca-bundle FILE]",
    "use VERSION [--project NAME]",
  ],
  operands: [1, 2],
  options: {
    project: { value: "NAME", help: "the distribution; otherwise the configuration's or pyproject.toml's" },
    index: { value: "URL|NAME", help: "the index that knows the published versions" },
    ...caBundleOption,
    scheme: { value: "SCHEME", help: "y.m.d.n, yy.m.d.n or yyyy.m.d.n: how the date makes a version" },
    date: { value: "DAY", help: "the day of the next version, such as 2026-11-21, instead of today" },
  },
} as const;

const verbs = ["next", "latest", "use"];

async function versionNamed(text: string | undefined): Promise<string> {
  if (text === undefined) throw new UsageError("use needs a version, such as 6.11.21.1");
  const version = await normalVersion(text);
  if (version !== undefined) return version;
  throw new UsageError(`${text} is no version (PEP 440); a label follows a plus sign: 6.11.21.1+fixbug`);
}

await run(command, async ({ args, flags, context }) => {
  const [verb = "", wanted] = args;
  if (!verbs.includes(verb)) throw new UsageError(`unknown verb ${verb}${didYouMean(verb, verbs)}`);
  if (verb !== "use" && wanted !== undefined) throw new UsageError(`${verb} takes no operand`);
  if (verb !== "next" && (flags.scheme ?? flags.date) !== undefined)
    throw new UsageError(`--scheme and --date belong to next, not to ${verb}`);
  const settings = new Settings(await loadConfig(context));
  const project = settings.need("project", { flag: flags.project });
  if (!isProjectName(project)) throw new UsageError(`${project} is no name of a project`);
  const moment = now(process.env.SOURCE_DATE_EPOCH);
  // When a published version was given is not ours to say.
  const released = verb === "latest" ? {} : { released: `${moment.toISOString().slice(0, 19)}Z` };
  const emit = (version: string) =>
    produce(context, [{ project, version, ...released, ...(context.dryRun && { plan: true }) }]);
  if (verb === "use") return emit(await versionNamed(wanted));

  const scheme = schemeNamed(settings.find("scheme", { flag: flags.scheme }) ?? "y.m.d.n");
  const day = flags.date === undefined ? dayOf(moment) : dayNamed(flags.date);
  const index = settings.access("index", { flag: flags.index, ca: flags["ca-bundle"] });
  const files = await within(context, [context.interrupt.signal], (signal) =>
    projectFiles(index, project, { signal }),
  );
  if (files instanceof Failure) throw files;
  const published = files.map((file) => file.version);
  if (verb === "next") return emit(await nextVersion(scheme, day, published));
  const newest = await newestVersion(files.filter((file) => !file.yanked).map((file) => file.version));
  if (newest !== undefined) return emit(newest);
  const yanked = files.length ? " that is not yanked" : "";
  throw new Failure("no-version", `${splitCredentials(index.url).url} has no version of ${project}${yanked}`);
});
