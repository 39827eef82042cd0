#!/usr/bin/env node
// es-conf: renders templates of configuration with each host's values, and puts them on the host.

import { resolve } from "node:path";
import { Failure, UsageError } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { checkDestination, checkMode, checkOwner, splitOperand } from "../lib/conf/destination.js";
import type { Config } from "../lib/config/load.js";
import { hostOptions, liveOption } from "../lib/flags.js";
import { type FileWanted, filesFor, putFiles, readSource, valuesFor } from "../lib/host-files.js";
import { onHosts } from "../lib/host-step.js";
import { refuseLive, wouldHaveChanged } from "../lib/host-venv.js";
import { eachRecord } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";

const command = {
  name: "es-conf",
  summary: "put files of configuration on each host, rendered with its values",
  usage: ["[SRC:DST...]"],
  operands: [0, 1000],
  options: {
    "from-env": { value: "NAME", many: true, help: "templates may use this variable, as env.NAME; a secret" },
    mode: { value: "MODE", help: "permissions in octal (0644, and 0600 with a secret)" },
    owner: { value: "USER[:GROUP]", help: "whose the files are" },
    raw: { help: "no templates: the files go as they are" },
    diff: { help: "show what changes" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

interface Told {
  "from-env": string[];
  mode: string | undefined;
  owner: string | undefined;
  raw: boolean;
}

/** The files of the command line, or else of the configuration. */
function filesWanted(operands: readonly string[], flags: Told, { values, directory }: Config): FileWanted[] {
  const { mode, owner, raw } = flags;
  const env = flags["from-env"];
  if (operands.length > 0) return operands.map((text) => ({ ...splitOperand(text), mode, owner, raw, env }));
  if (raw) throw new UsageError("--raw goes with SRC:DST; in deploy.conf it is raw = true");
  return (values.deploy?.conf ?? []).map((one) => ({
    from: resolve(directory, one.from),
    to: one.to,
    mode: one.mode ?? mode,
    owner: one.owner ?? owner,
    raw: one.raw ?? false,
    env: [...(one.env ?? []), ...env],
  }));
}

/** The same after a look at each of them. Throws UsageError. */
function checked(files: readonly FileWanted[]): FileWanted[] {
  const all = files.map((one) => ({
    ...one,
    to: checkDestination(one.to),
    mode: one.mode === undefined ? undefined : checkMode(one.mode),
    owner: one.owner === undefined ? undefined : checkOwner(one.owner),
  }));
  const twice = all.find(({ to }, at) => all.findIndex((other) => other.to === to) < at);
  if (twice) throw new UsageError(`two files are to be ${twice.to}`);
  return all;
}

run(command, async ({ args, flags, context }) => {
  return onHosts(context, flags, async ({ settings, transport }) => {
    const wanted = checked(filesWanted(args, flags, settings.config));
    if (wanted.length === 0)
      throw new Failure("not-configured", "no file to put: say SRC:DST, or deploy.conf in essay.toml");
    const sources = await Promise.all(wanted.map(readSource));
    const relative = wanted.find(({ to }) => !/^(\/|~\/)/.test(to));
    return eachRecord(context, {
      reads: [
        ...(["host", "user", "port", "transport", "become", "prefix", "venv", "live"] as const),
        ...(["project", "version", "commit", "profile", "bind", "vars", "roles"] as const),
        ...(["plan", "trace"] as const),
      ],
      work: async (record, task) => {
        const { venv } = record;
        if (relative && !venv)
          throw new Failure(
            "no-venv",
            `${relative.to} is below a virtualenv: run es-venv before, or begin it with /`,
          );
        if (venv) refuseLive(venv.name, record, flags.live);
        const prefix = venv
          ? venv.path.replace(/\/[^/]*$/, "")
          : settings.find("prefix", { record: record.prefix });
        const files = await filesFor(sources, valuesFor(settings, record));
        const ahead = wouldHaveChanged(record, ["es-venv", "es-pip"]) ? "changed" : "-";
        const words = [venv?.path ?? "-", ahead, `${prefix ?? "~"}/.essay/conf`, flags.diff ? "1" : "0"];
        const results = await putFiles(transport, record, files, words, task);
        for (const text of results.all("diff")) context.show(labelOf(record), text);
        const changes = results.all("change");
        const as = wanted.length === 1 ? "is as it should be" : "are as they should be";
        return {
          changed: changes.length > 0,
          said: changes.length > 0 ? changes.join(", ") : `${wanted.map(({ to }) => to).join(", ")} ${as}`,
        };
      },
    });
  });
});
