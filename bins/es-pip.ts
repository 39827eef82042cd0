#!/usr/bin/env node
// es-pip: installs exact versions into each host's virtualenv, and looks whether they are there afterwards.

import { Failure, UsageError } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { hostOptions, liveOption } from "../lib/flags.js";
import { onHosts } from "../lib/host-step.js";
import { refuseLive } from "../lib/host-venv.js";
import { type PipIndex, pipIndexes } from "../lib/index/pip.js";
import { deployed, type Wanted, wantedRelease, wantedVersions } from "../lib/pip-wanted.js";
import { eachRecord } from "../lib/step.js";
import { runScript } from "../lib/transport/run-script.js";

const command = {
  name: "es-pip",
  summary: "install exact versions into the virtualenv of each host",
  usage: ["NAME==VERSION...", "--release FILE"],
  operands: [0, 1000],
  options: {
    index: { value: "URL|NAME", help: "the package index, and no other" },
    release: { value: "FILE", help: "install the files of this release record, by hash" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

/** pip's "no such version" in words that name the index and what it has. */
function explained(error: unknown, index: PipIndex, wanted: Wanted): unknown {
  if (!(error instanceof Failure) || error.code !== "version-not-found") return error;
  const [requirement = "", versions = "none"] = error.message.split("\t");
  const latest = versions.split(", ").at(-1);
  const has = versions === "none" ? "pip finds none there for this Python" : `latest is ${latest}`;
  const named = requirement.replace(/[[=].*/, "");
  const ofRelease = wanted.byHash && wanted.requirements.some(({ project }) => project === named);
  const no = ofRelease ? "no file of the release that fits this host for" : "no";
  return new Failure(
    error.code,
    `${no} ${requirement.replace(/===?/, " ")} on ${index.url} (${has})`,
    error.details,
  );
}

await run(command, async ({ args, flags, context }) => {
  if ((args.length === 0) === (flags.release === undefined))
    throw new UsageError("say what to install: NAME==VERSION, or --release FILE");
  const wanted =
    flags.release === undefined
      ? await wantedVersions(args, context.warn)
      : await wantedRelease(flags.release, context.warn);
  return onHosts(context, flags, async ({ settings, transport }) => {
    // A mistake on the command line is told before any host is touched.
    if (flags.index !== undefined) settings.accessFromHosts({ flag: flags.index });
    const lookUp = pipIndexes(context.warn);
    const indexFor = (record: string | undefined) =>
      lookUp(settings.accessFromHosts({ flag: flags.index ?? wanted.index, record }));
    return eachRecord(context, {
      reads: [
        "host",
        "live",
        "user",
        "port",
        "transport",
        "become",
        "venv",
        "project",
        "version",
        "commit",
        "index",
        "installed",
      ],
      work: async (record, task) => {
        const { venv } = record;
        if (!venv) throw new Failure("no-venv", "the record has no field venv: run es-venv before es-pip");
        refuseLive(venv.name, record, flags.live);
        const fields = await deployed(wanted, record);
        const index = await indexFor(record.index);
        const looked = wanted.requirements.flatMap(({ project, version }) => [project, version]);
        const args = [
          venv.path,
          index.netrc ?? "-",
          index.proxy ?? "-",
          String(wanted.runs.length),
          ...wanted.runs,
          String(wanted.requirements.length),
          ...looked,
          ...index.flags,
        ];
        const results = await runScript(
          transport,
          record,
          { parts: ["state", "pip"], args, code: "pip-failed" },
          task,
        ).catch((error: unknown) => Promise.reject(explained(error, index, wanted)));
        const changes = results.all("change");
        const yanked = results.all("yanked").map((what) => `; ${what} is yanked`);
        const installed = Object.fromEntries(
          (results.get("installed") ?? "")
            .split("\n")
            .filter(Boolean)
            .map((line) => line.split("\t")),
        );
        return {
          fields: { ...fields, installed: { ...record.installed, ...installed } },
          changed: changes.length > 0,
          said:
            changes.length > 0
              ? `${changes.join(", ")}${yanked.join("")}`
              : `${wanted.requirements.map((r) => `${r.project} ${r.version}`).join(", ")} already there`,
        };
      },
    });
  });
});
