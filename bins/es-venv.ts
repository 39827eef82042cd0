#!/usr/bin/env node
// es-venv: makes sure that a virtualenv exists on each host and is sound.

import { run } from "../lib/cli.js";
import { hostOptions, liveOption } from "../lib/flags.js";
import { onHosts } from "../lib/host-step.js";
import { prefixFor, refuseLive } from "../lib/host-venv.js";
import { eachRecord } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { runScript } from "../lib/transport/run-script.js";
import { checkDirectory, checkPrefix, checkVenvName } from "../lib/venv/name.js";

const command = {
  name: "es-venv",
  summary: "make sure that a virtualenv exists on each host and is sound",
  usage: ["NAME"],
  operands: [1, 1],
  options: {
    python: { value: "PROGRAM", help: "the interpreter (python3 of the host)" },
    virtualenv: { value: "PROGRAM", help: "make it with this virtualenv" },
    prefix: { value: "DIR", help: "the directory of virtualenvs (~/PROJECT)" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

const usualDirectories = ["logs", "etc", "tmp"];

await run(command, async ({ args: [name = ""], flags, context }) => {
  checkVenvName(name);
  if (flags.prefix !== undefined) checkPrefix(flags.prefix);
  return onHosts(context, flags, async ({ settings, transport }) => {
    const directories = (settings.config.values.deploy?.dirs ?? usualDirectories).map(checkDirectory);
    const virtualenv = settings.find("virtualenv", { flag: flags.virtualenv }) ?? "-";
    return eachRecord(context, {
      reads: ["host", "user", "port", "transport", "become", "prefix", "project", "live"],
      key: (record) => `${labelOf(record)} ${name}`,
      work: async (record, task) => {
        refuseLive(name, record, flags.live);
        const results = await runScript(
          transport,
          record,
          {
            parts: ["state", "venv"],
            args: [
              prefixFor(settings, flags.prefix, record),
              name,
              flags.python ?? "-",
              virtualenv,
              ...directories,
            ],
            code: "venv-failed",
          },
          task,
        );
        const changes = results.all("change");
        const python = results.get("python") ?? "";
        return {
          fields: { venv: { name, path: results.get("path") ?? "" }, python },
          changed: changes.length > 0,
          said:
            changes.length > 0
              ? `${changes.join(", ")} (Python ${python})`
              : `${name} is sound (Python ${python})`,
        };
      },
    });
  });
});
