#!/usr/bin/env node
// es-wheel: builds the wheel of a release's sdist, so that servers compile nothing.

import { resolve } from "node:path";
import { normaliseName } from "../lib/base/distribution.js";
import { Failure } from "../lib/base/failure.js";
import type { ReleaseFile } from "../lib/base/schema.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { caBundleOption } from "../lib/flags.js";
import { pipIndexes } from "../lib/index/pip.js";
import { buildWheel, checkFile } from "../lib/package/wheel.js";
import { eachRecord } from "../lib/step.js";
import { normalVersion } from "../lib/version/pep440.js";

const command = {
  name: "es-wheel",
  summary: "build the wheel of a release's sdist",
  usage: ["[--index URL|NAME] [--ca-bundle FILE] [--out DIR] [--python PROGRAM] [--no-isolation]"],
  operands: [0, 0],
  options: {
    index: { value: "URL|NAME", help: "the index that has what the build needs, and no other" },
    ...caBundleOption,
    out: { value: "DIR", help: "the folder for the file; otherwise build.out, or dist" },
    python: { value: "PROGRAM", help: "the interpreter whose pip builds (python3)" },
    "no-isolation": { help: "build with the packages that the interpreter has, and ask no index" },
  },
} as const;

/** The wheel of the sdist that the record has already, if it is there and whole. */
async function wheelOf(sdist: ReleaseFile, files: readonly ReleaseFile[]): Promise<ReleaseFile | undefined> {
  for (const file of files) {
    const same = normaliseName(file.name) === normaliseName(sdist.name) && file.version === sdist.version;
    if (file.kind !== "wheel" || !same) continue;
    const whole = await checkFile(file).then(
      () => true,
      (error) => (error instanceof Failure ? false : Promise.reject(error)),
    );
    if (whole) return file;
  }
  return undefined;
}

await run(command, async ({ flags, context }) => {
  const config = await loadConfig(context);
  const settings = new Settings(config);
  const out = resolve(settings.find("out", { flag: flags.out }) ?? resolve(config.directory, "dist"));
  const isolated = !flags["no-isolation"];
  const lookUp = pipIndexes(context.warn);
  const indexFor = (record: string | undefined) =>
    lookUp(settings.access("index", { flag: flags.index, record, ca: flags["ca-bundle"] }));

  return eachRecord(context, {
    reads: ["project", "version", "released", "files", "index"],
    async work(record, { signal, plan, show }) {
      const { project, version, released, files = [] } = record;
      const ofProject = (file: ReleaseFile) =>
        !project || normaliseName(file.name) === normaliseName(project);
      const sdist = files.findLast((file) => file.kind === "sdist" && ofProject(file));
      if (!sdist && plan) return { changed: true, said: "would be built as a wheel" };
      if (!sdist) throw new Failure("no-sdist", "the record's files have no sdist; es-sdist makes one");
      if (version !== undefined && (await normalVersion(version)) !== (await normalVersion(sdist.version)))
        throw new Failure(
          "disagreement",
          `the record is of version ${version}, its sdist of ${sdist.version}`,
        );
      await checkFile(sdist);
      const there = await wheelOf(sdist, files);
      if (there) return { changed: false, said: `${there.filename} is there already` };
      const index = isolated ? await indexFor(record.index) : undefined;
      if (plan) return { changed: true, said: `a wheel of ${sdist.filename} would be built` };
      const isVersion = async (text: string) =>
        (await normalVersion(text)) === (await normalVersion(sdist.version));
      const { file, changed } = await buildWheel(
        {
          sdist,
          released,
          out,
          python: flags.python ?? "python3",
          indexFlags: index?.flags,
          netrc: index?.netrc,
          proxy: index?.proxy,
          ca: index?.ca,
          isVersion,
        },
        { signal, show },
      );
      const others = files.filter(({ filename }) => filename !== file.filename);
      const said = `${file.filename} ${changed ? "built" : "built, the same as before"}`;
      return { fields: { files: [...others, file] }, changed, said };
    },
  });
});
