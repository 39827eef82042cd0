#!/usr/bin/env node
// es-sdist: packs a commit as the source distribution of a release.

import { resolve } from "node:path";
import { Failure, UsageError } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { refuseUnheeded, warnUnheeded } from "../lib/config/unheeded.js";
import { withCheckout } from "../lib/package/checkout.js";
import type { Wanted } from "../lib/package/refs.js";
import { writeSdist } from "../lib/package/sdist.js";
import { eachRecord } from "../lib/step.js";
import { normalVersion } from "../lib/version/pep440.js";

const command = {
  name: "es-sdist",
  summary: "pack a branch, tag or commit as the source distribution of a release",
  usage: ["[--branch NAME | --tag NAME | --commit ID] [--repo DIR|URL] [--out DIR]"],
  operands: [0, 0],
  options: {
    branch: { value: "NAME", help: "the branch whose newest commit is packed" },
    tag: { value: "NAME", help: "the tag whose commit is packed" },
    commit: { value: "ID", help: "the commit that is packed, whatever --branch and --tag say" },
    repo: { value: "DIR|URL", help: "the repository; otherwise git.repo, or the one of this folder" },
    out: { value: "DIR", help: "the folder for the file; otherwise build.out, or dist" },
  },
} as const;

await run(command, async ({ flags, context }) => {
  const config = await loadConfig(context);
  const settings = new Settings(config);
  refuseUnheeded(config, ["build.on", "build.pre"]);
  warnUnheeded(config, ["build.path"], context.warn);
  if (flags.branch !== undefined && flags.tag !== undefined && flags.commit === undefined)
    throw new UsageError("--branch and --tag cannot be given together");
  const source = settings.find("repo", { flag: flags.repo }) ?? process.cwd();
  const out = resolve(settings.find("out", { flag: flags.out }) ?? resolve(config.directory, "dist"));

  const wanted = (record: { commit?: string; branch?: string }): Wanted => {
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

  return eachRecord(context, {
    reads: ["project", "version", "released", "commit", "branch", "files"],
    async work(record, { signal, plan, show }) {
      const { project } = record;
      const version = record.version && (await normalVersion(record.version));
      if (!project) throw new Failure("bad-record", "the record has no field project; es-version makes one");
      if (!version)
        throw new Failure("bad-record", `the field version is ${record.version ?? "missing"}: no version`);
      return withCheckout(source, wanted(record), { signal, show }, async (checkout) => {
        const { commit, branch, fetchedFrom } = checkout;
        // A branch that an earlier step named tells nothing about a commit that is asked for here.
        const named = branch ?? ((flags.commit ?? flags.tag) === undefined ? record.branch : undefined);
        const fields = { version, commit, branch: named };
        const place = branch === undefined ? "" : `${fetchedFrom ? `${fetchedFrom}/` : ""}${branch} `;
        const from = `from ${place}${commit.slice(0, 12)}`;
        if (plan) return { fields, changed: true, said: `would be packed ${from}` };
        const more = config.values.build?.settings ?? [];
        const request = { project, version, released: record.released, checkout, settings: more, out };
        const { file, changed } = await writeSdist(request, signal);
        const others = (record.files ?? []).filter(({ filename }) => filename !== file.filename);
        const said = `${file.filename} ${changed ? "packed" : "is there already, the same,"} ${from}`;
        return { fields: { ...fields, files: [...others, file] }, changed, said };
      });
    },
  });
});
