#!/usr/bin/env node
// es-fetch: fetches distributions from a package index, as files that es-upload puts on another one.

import { resolve } from "node:path";
import { milliseconds } from "../lib/base/clock.js";
import { normaliseName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import type { JsonObject } from "../lib/base/json.js";
import { type BuildHost, onBuildHost } from "../lib/build-host.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { caBundleOption } from "../lib/flags.js";
import { Listing } from "../lib/index/listed.js";
import { pipIndexes } from "../lib/index/pip.js";
import type { Described } from "../lib/package/described.js";
import { defaultIndex, fetchFiles } from "../lib/package/fetched.js";
import { pipOn } from "../lib/pip-run.js";
import { produce, within } from "../lib/step.js";
import { newestVersion, normalVersion } from "../lib/version/pep440.js";
import { readRequirements } from "../lib/version/requirements-file.js";
import { findExact, parseSpecifier, type Specifier } from "../lib/version/specifier.js";

const command = {
  name: "es-fetch",
  summary: "fetch distributions from a package index",
  usage: [
    "[NAME[==VERSION]...] [-r FILE] [--deps] [--from URL|NAME] [--ca-bundle FILE] [--out DIR] [--python PROGRAM]",
  ],
  operands: [0, 1000],
  options: {
    requirement: {
      short: "r",
      value: "FILE",
      many: true,
      help: "what the lines of this requirements file name",
    },
    deps: { help: "what these depend on, too" },
    from: { value: "URL|NAME", help: "the index, and no other; otherwise the public one that pip knows" },
    ...caBundleOption,
    out: { value: "DIR", help: "the folder for the files; otherwise build.out, or dist" },
    python: { value: "PROGRAM", help: "the interpreter whose pip fetches, for itself (python3)" },
  },
} as const;

/** The line for pip, with the version as the index spells it. Throws Failure "version-not-found". */
async function lineFor({ project, name, exact, text }: Specifier, listing: Listing): Promise<string> {
  const versions = (await listing.files(project)).map(({ version }) => version);
  if (versions.length === 0) throw new Failure("version-not-found", `no ${project} on ${listing.url}`);
  if (exact === undefined) return text;
  const found = await findExact(exact, versions);
  if (found !== undefined) return `${name}===${await normalVersion(found)}`;
  const latest = await newestVersion(versions);
  throw new Failure("version-not-found", `no ${project} ${exact} on ${listing.url} (latest is ${latest})`);
}

run(command, async ({ args, flags, context }) => {
  if (args.length + flags.requirement.length === 0)
    throw new UsageError("say what to fetch: NAME==VERSION, or -r FILE");
  const config = await loadConfig(context);
  const settings = new Settings(config);
  const out = resolve(settings.find("out", { flag: flags.out }) ?? resolve(config.directory, "dist"));
  const { python = "python3" } = flags;
  const named = await Promise.all(args.map((text) => parseSpecifier(text, context.warn)));
  const inFiles = await Promise.all(flags.requirement.map(readRequirements));
  const accessTo = (index: string) => settings.access("index", { flag: index, ca: flags["ca-bundle"] });
  if (flags.from !== undefined) accessTo(flags.from);

  async function fetch(host: BuildHost, signal: AbortSignal): Promise<JsonObject> {
    const progress = {
      signal,
      show: context.verbose ? (text: string) => context.show("pip", text) : undefined,
    };
    const runPip = pipOn(host);
    const from = flags.from ?? (await defaultIndex(python, runPip, { signal }));
    if (from === undefined)
      throw new Failure(
        "old-pip",
        `the pip of ${python} does not say which index it takes: name one by --from`,
      );
    const source = await pipIndexes(context.warn)(accessTo(from));
    const listing = new Listing(accessTo(from), signal);
    const lines = await Promise.all(named.map((each) => lineFor(each, listing)));
    for (const project of inFiles.flatMap(({ projects }) => projects))
      if ((await listing.files(project)).length === 0)
        throw new Failure("version-not-found", `no ${project} on ${listing.url}`);
    const all = [...lines, ...inFiles.flatMap((file) => file.lines)];
    const only = all.length === 1 ? named[0] : undefined;
    const started = milliseconds();
    const say = (what: string, text: string) =>
      context.say(`${what}  es-fetch  ${text}  ${((milliseconds() - started) / 1000).toFixed(1)} s`);
    if (context.dryRun) {
      for (const line of all) say(line, `dry run: would be fetched from ${listing.url}`);
      return { ...(only && { project: only.project }), plan: true };
    }
    const request = {
      lines: all,
      constraints: inFiles.flatMap(({ constraints }) => constraints),
      closure: flags.deps,
      out,
      python,
      source,
      normalVersion,
      async check(file: Described & { sha256: string }) {
        const { sha256, yanked } = await listing.check(file);
        if (sha256 === undefined)
          context.warn(`${listing.url} tells no SHA-256 of ${file.filename}: it is as pip got it`);
        if (yanked) context.warn(`${file.filename} is yanked on ${listing.url}`);
      },
    };
    const files = await fetchFiles(request, runPip, progress);
    for (const { file, changed } of files)
      say(file.filename, changed ? `fetched from ${listing.url}` : "there already, the same");
    const main = files.find(
      ({ file }) => normaliseName(file.name) === normaliseName(only?.project ?? ""),
    )?.file;
    return {
      ...(main && { project: main.name, version: main.version }),
      files: files.map(({ file }) => ({ ...file })),
    };
  }

  const here = { on: "@local", "ssh-config": undefined, ssh: undefined, "accept-new": false };
  return onBuildHost(here, settings, async (host) => {
    const record = await within(context, (signal) => fetch(host, signal));
    if (record instanceof Failure) throw record;
    return produce(context, [record]);
  });
});
