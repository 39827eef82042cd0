#!/usr/bin/env node
// es-wheel: builds the wheel of a release's sdist, so that servers compile nothing.

import { resolve } from "node:path";
import { normaliseName } from "../lib/base/distribution.js";
import { Failure } from "../lib/base/failure.js";
import type { ReleaseFile } from "../lib/base/schema.js";
import { type BuildHost, onBuildHost } from "../lib/build-host.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { buildHostOptions, caBundleOption } from "../lib/flags.js";
import { Listing } from "../lib/index/listed.js";
import { pipIndexes } from "../lib/index/pip.js";
import { isWholeClosure, wheelOf } from "../lib/package/closure.js";
import { noSource } from "../lib/package/pip.js";
import { buildWheels, checkFile } from "../lib/package/wheel.js";
import { pipOn } from "../lib/pip-run.js";
import { eachRecord } from "../lib/step.js";
import { normalVersion } from "../lib/version/pep440.js";
import { parseRequirement, requirementLine } from "../lib/version/requirement.js";

const command = {
  name: "es-wheel",
  summary: "build the wheel of a release's sdist",
  usage: [
    "[--deps] [--index URL|NAME] [--ca-bundle FILE] [--out DIR] [--python PROGRAM] [--no-isolation] [--on HOST]",
  ],
  operands: [0, 0],
  options: {
    index: { value: "URL|NAME", help: "the index that has what the build needs, and no other" },
    ...caBundleOption,
    out: { value: "DIR", help: "the folder for the file; otherwise build.out, or dist" },
    python: { value: "PROGRAM", help: "the interpreter whose pip builds (python3)" },
    deps: { help: "the wheels of all that it depends on, too" },
    "no-isolation": { help: "build with the packages that the interpreter has, and ask no index" },
    ...buildHostOptions,
  },
} as const;

/** Lines of a constraints file that keep each project at the version that its file has. */
async function constraintsOf(files: readonly ReleaseFile[]): Promise<string[]> {
  const all = files.map(({ name, version }) => parseRequirement(`${name}==${version}`, () => {}));
  return (await Promise.all(all)).map(({ name, version }) => requirementLine(name, version));
}

/** pip says also of an index that lets it not in, or that is not there, that it has no such project. */
async function askIndex(listing: Listing, project: string, host: BuildHost): Promise<void> {
  await listing.files(project).catch((error: unknown) => {
    const tells = error instanceof Failure && error.code !== "redirected";
    if (tells && (host.isHere || error.code === "auth-failed")) throw error;
  });
}

run(command, async ({ flags, context }) => {
  const config = await loadConfig(context);
  const settings = new Settings(config);
  const out = resolve(settings.find("out", { flag: flags.out }) ?? resolve(config.directory, "dist"));
  const isolated = !flags["no-isolation"];
  const lookUp = pipIndexes(context.warn);
  const accessTo = (record: string | undefined) =>
    settings.access("index", { flag: flags.index, record, ca: flags["ca-bundle"] });
  const { python = "python3" } = flags;

  return onBuildHost(flags, settings, (host) =>
    eachRecord(context, {
      reads: ["project", "version", "released", "files", "index"],
      async work(record, { signal, plan, show }) {
        const { project, version, released, files = [] } = record;
        const ofProject = (file: ReleaseFile) =>
          !project || normaliseName(file.name) === normaliseName(project);
        const sdist = files.findLast((file) => file.kind === "sdist" && ofProject(file));
        const what = flags.deps ? "with all that it depends on " : "";
        if (!sdist && plan) return { changed: true, said: `would be built as a wheel ${what}`.trimEnd() };
        if (!sdist) throw new Failure("no-sdist", "the record's files have no sdist; es-sdist makes one");
        if (version !== undefined && (await normalVersion(version)) !== (await normalVersion(sdist.version)))
          throw new Failure(
            "disagreement",
            `the record is of version ${version}, its sdist of ${sdist.version}`,
          );
        await checkFile(sdist);
        const wheel = await wheelOf(sdist, files);
        const others = files.filter((file) => normaliseName(file.name) !== normaliseName(sdist.name));
        if (wheel && (!flags.deps || (await isWholeClosure(wheel, others))))
          return {
            changed: false,
            said: `${[wheel, ...(flags.deps ? others : [])].map(({ filename }) => filename).join(", ")} already there`,
          };
        const access = isolated || flags.deps ? accessTo(record.index) : undefined;
        const index = access && (await lookUp(access));
        if (plan) return { changed: true, said: `a wheel of ${sdist.filename} ${what}would be built` };
        const built = await buildWheels(
          {
            sdist,
            wheel,
            released,
            out,
            python,
            source: index ?? noSource,
            isolated,
            closure: flags.deps ? { constraints: await constraintsOf(others) } : undefined,
            normalVersion,
            explain: async (missing) => access && askIndex(new Listing(access, signal), missing, host),
          },
          pipOn(host),
          { signal, show },
        );
        const names = new Set(built.map(({ file }) => file.filename));
        const kept = files.filter(({ filename }) => !names.has(filename));
        const changed = built.some((each) => each.changed);
        const said = `${[...names].join(", ")} built${changed ? "" : ", the same as before"}`;
        return { fields: { files: [...kept, ...built.map(({ file }) => file)] }, changed, said };
      },
    }),
  );
});
