#!/usr/bin/env node
// es-version: makes a release record with the next, the newest or a named version of a project.

import { untilOurs } from "../lib/attempts.js";
import { isProjectName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import { timestamp } from "../lib/base/timestamp.js";
import { splitCredentials } from "../lib/base/url.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { caBundleOption } from "../lib/flags.js";
import { projectFiles } from "../lib/index/client.js";
import { lookupCredentials } from "../lib/index/credentials.js";
import { produce, within } from "../lib/step.js";
import { checkVerb, type Verb, verbNamed } from "../lib/verbs.js";
import { readVersion, withLabel } from "../lib/version/label.js";
import { latestVersion, publishedVersions, refuseUnlessNewest } from "../lib/version/published.js";
import { dayNamed, dayOf, nextVersion, now, schemeNamed } from "../lib/version/scheme.js";

const command = {
  name: "es-version",
  summary: "make a release record with the next or another version of a project",
  usage: [
    "next [--scheme SCHEME] [--date DAY] [--name LABEL] [--project NAME] [--index URL|NAME] [--ca-bundle FILE] [-- COMMAND...]",
    "latest|list [--project NAME] [--index URL|NAME] [--ca-bundle FILE]",
    "check VERSION [--project NAME] [--index URL|NAME] [--ca-bundle FILE]",
    "use VERSION [--name LABEL] [--project NAME]",
  ],
  operands: [1, 2],
  command: true,
  options: {
    project: { value: "NAME", help: "the distribution; otherwise the configuration's or pyproject.toml's" },
    index: { value: "URL|NAME", help: "the index that knows the published versions" },
    ...caBundleOption,
    scheme: { value: "SCHEME", help: "y.m.d.n, yy.m.d.n or yyyy.m.d.n: how the date makes a version" },
    date: { value: "DAY", help: "the day of the next version, such as 2026-11-21, instead of today" },
    name: { value: "LABEL", help: "a label for the version: fixbug makes 6.11.21.1+fixbug" },
  },
} as const;

const own = Object.keys(command.options);
const asking = ["project", "index", "ca-bundle"];

const verbs: Readonly<Record<string, Verb>> = {
  next: { operands: [0, 0], flags: [...asking, "scheme", "date", "name"], command: true },
  latest: { operands: [0, 0], flags: asking },
  list: { operands: [0, 0], flags: asking },
  check: { operands: [1, 1], flags: asking },
  use: { operands: [1, 1], flags: ["project", "name"] },
};

run(command, async ({ args: [verb = "", ...args], flags, rest, context }) => {
  checkVerb(verb, verbNamed(verbs, verb), { args, flags, rest }, own);
  const [typed] = args;
  const settings = new Settings(await loadConfig(context));
  const project = settings.need("project", { flag: flags.project });
  if (!isProjectName(project)) throw new UsageError(`${project} is no name of a project`);
  const named = (version: string) => (flags.name === undefined ? version : withLabel(version, flags.name));
  await named("1");
  const typedVersion = typed === undefined ? undefined : await readVersion(typed);
  if (typedVersion?.note !== undefined) context.warn(typedVersion.note);
  const noVersion = `${typed} is no version (PEP 440)`;
  const recordOf = (version: string) => ({ project, version, ...(context.dryRun && { plan: true }) });
  const present = () => now(process.env.SOURCE_DATE_EPOCH);

  if (verb === "use") {
    if (!typedVersion) throw new UsageError(noVersion);
    const version = await named(typedVersion.version);
    return produce(context, [{ ...recordOf(version), released: timestamp(present()) }]);
  }
  if (verb === "check" && !typedVersion) throw new Failure("not-a-version", noVersion);

  const scheme = schemeNamed(settings.find("scheme", { flag: flags.scheme }) ?? "y.m.d.n");
  const chosenDay = flags.date === undefined ? undefined : dayNamed(flags.date);
  const access = settings.access("index", { flag: flags.index, ca: flags["ca-bundle"] });
  const index = splitCredentials(access.url).url;
  const credentials = await lookupCredentials(access.url);
  const published = async () => {
    const files = await within(context, (signal) => projectFiles(access, project, { signal, credentials }));
    if (files instanceof Failure) throw files;
    return publishedVersions(files);
  };
  // Each attempt looks at index and clock anew.
  const next = async (tried: readonly string[], skip: number) => {
    const taken = (await published()).map(({ version }) => version);
    const moment = present();
    const day = chosenDay ?? dayOf(moment);
    const version = await named(await nextVersion(scheme, day, [...taken, ...tried], skip));
    return { ...recordOf(version), released: timestamp(moment) };
  };
  if (rest) return untilOurs(context, rest, next);
  if (verb === "next") return produce(context, [await next([], 0)]);

  const all = await published();
  if (typedVersion) {
    const { version } = typedVersion;
    const latest = await refuseUnlessNewest(version, all, index, project);
    if (version !== typed && typedVersion.note === undefined)
      context.warn(`the normal form of ${typed} is ${version}`);
    const place = latest === undefined ? "the first one there" : `above the latest one, ${latest}`;
    context.say(`${project} ${version}  ${context.name}  new on ${index}, ${place}`);
    return produce(context, [recordOf(version)]);
  }
  const none = `${index} has no version of ${project}`;
  if (verb === "list") {
    const records = all.map(({ version, yanked }) => ({ ...recordOf(version), ...(yanked && { yanked }) }));
    return produce(context, records, none);
  }
  const latest = await latestVersion(all);
  if (latest !== undefined) return produce(context, [recordOf(latest)]);
  throw new Failure("no-version", `${none}${all.length > 0 ? " that is not yanked" : ""}`);
});
