#!/usr/bin/env node
// es-sdist: packs a commit as the source distribution of a release.

import { resolve } from "node:path";
import { isProjectName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import { onBuildHost } from "../lib/build-host.js";
import { buildCache, buildSource } from "../lib/build-source.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { buildHostOptions } from "../lib/flags.js";
import {
  describeCommit,
  findCommit,
  type Resolved,
  type RunCheckout,
  type Wanted,
  withCheckout,
} from "../lib/package/checkout.js";
import { writeSdist } from "../lib/package/sdist.js";
import { eachRecord } from "../lib/step.js";
import { readVersion, withLabel } from "../lib/version/label.js";

const command = {
  name: "es-sdist",
  summary: "pack a branch, tag or commit as the source distribution of a release",
  usage: ["[--branch NAME | --tag NAME | --commit ID] [--repo DIR|URL] [--on HOST] [--out DIR]"],
  operands: [0, 0],
  options: {
    branch: { value: "NAME", help: "the branch whose newest commit is packed" },
    tag: { value: "NAME", help: "the tag whose commit is packed" },
    commit: { value: "ID", help: "the commit that is packed, whatever --branch and --tag say" },
    repo: { value: "DIR|URL", help: "the repository; otherwise git.repo, or the one of this folder" },
    name: { value: "LABEL", help: "make it a local version, such as 6.11.21.1+LABEL" },
    "pre-build": { value: "CMD", help: "run CMD in the files before they are packed; otherwise build.pre" },
    cache: { value: "DIR", help: "keep what is fetched in DIR; otherwise build.path, or ~/.cache/essay" },
    out: { value: "DIR", help: "the folder for the file; otherwise build.out, or dist" },
    ...buildHostOptions,
  },
} as const;

run(command, async ({ flags, context }) => {
  const config = await loadConfig(context);
  const settings = new Settings(config);
  if (flags.branch !== undefined && flags.tag !== undefined && flags.commit === undefined)
    throw new UsageError("--branch and --tag cannot be given together");
  if (flags.name !== undefined) await withLabel("0", flags.name);
  const out = resolve(settings.find("out", { flag: flags.out }) ?? resolve(config.directory, "dist"));

  const wantedBy = (record: { commit?: string; branch?: string }): Wanted => {
    if (flags.commit !== undefined) return { commit: flags.commit };
    if (flags.tag !== undefined) return { tag: flags.tag };
    if (flags.branch !== undefined) return { branch: flags.branch };
    if (record.commit !== undefined) return { commit: record.commit };
    const branch = settings.find("branch", { record: record.branch });
    if (branch !== undefined) return { branch };
    throw new Failure(
      "not-configured",
      "no commit: say it by --branch, --tag or --commit, the fields commit or branch of the record, or git.branch in essay.toml",
    );
  };

  const versionOf = async (text: string | undefined): Promise<string> => {
    const { version, note } = (text !== undefined && (await readVersion(text))) || {};
    if (version === undefined)
      throw new Failure("bad-record", `the field version is ${text ?? "missing"}: no version`);
    if (note !== undefined) context.warn(note);
    return flags.name === undefined ? version : withLabel(version, flags.name);
  };

  return onBuildHost(flags, settings, (host) => {
    const source = buildSource(settings, flags.repo, host);
    const cache = buildCache(settings, flags.cache, host);
    const preBuild = settings.find("preBuild", { flag: flags["pre-build"] });
    const more = config.values.build?.settings ?? [];
    return eachRecord(context, {
      reads: ["project", "version", "released", "commit", "branch", "files"],
      async work(record, task) {
        const { project, released, files = [] } = record;
        if (!project)
          throw new Failure("bad-record", "the record has no field project; es-version makes one");
        if (!isProjectName(project))
          throw new Failure(
            "bad-record",
            `the field project is ${JSON.stringify(project)}: no name of a project`,
          );
        const version = await versionOf(record.version);
        const wanted = wantedBy(record);
        const request = {
          ...source,
          wanted,
          cache,
          preBuild,
          project,
          version,
          settings: more,
          place: host.name,
        };
        const fieldsOf = ({ commit, branch }: Resolved) => {
          // A branch that an earlier step named tells nothing about a commit that is asked for here.
          const named = branch ?? ((flags.commit ?? flags.tag) === undefined ? record.branch : undefined);
          return { version, commit, branch: named };
        };
        const read: RunCheckout = (script, take) => host.run(script, task, take);
        if (task.plan) {
          const found = await findCommit(read, request);
          return { fields: fieldsOf(found), changed: true, said: `would be packed ${describeCommit(found)}` };
        }
        return withCheckout(read, request, async (checkout) => {
          const sdist = { project, version, released, checkout, settings: more, out };
          const { file, changed, replaced } = await writeSdist(sdist, task.signal);
          const others = files.filter(({ filename }) => filename !== file.filename);
          const done = changed ? "packed" : "is there already, the same,";
          const instead = replaced ? ", in place of another file of that name" : "";
          const said = `${file.filename} ${done} ${describeCommit(checkout)}${instead}`;
          return { fields: { ...fieldsOf(checkout), files: [...others, file] }, changed, said };
        });
      },
    });
  });
});
