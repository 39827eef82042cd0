#!/usr/bin/env node
// es-venv: makes sure that a virtualenv exists on each host and is sound, or that there is none.

import { UsageError } from "../lib/base/failure.js";
import { type Context, run } from "../lib/cli.js";
import { type Flags, hostOptions, liveOption } from "../lib/flags.js";
import { onHosts } from "../lib/host-step.js";
import { prefixFor, refuseLive } from "../lib/host-venv.js";
import { PipWheels } from "../lib/pip-wheel.js";
import { eachRecord } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { runScript } from "../lib/transport/run-script.js";
import { checkDirectory, checkVenv } from "../lib/venv/name.js";

const command = {
  name: "es-venv",
  summary: "make sure that a virtualenv exists on each host and is sound",
  usage: ["NAME|/PATH [--recreate]", "NAME|/PATH --remove [--yes]"],
  operands: [1, 1],
  options: {
    python: { value: "PROGRAM", help: "the interpreter, or its version: 3.11 (python3 of the host)" },
    virtualenv: { value: "PROGRAM", help: "make it with this virtualenv" },
    prefix: { value: "DIR", help: "the directory of virtualenvs (~/PROJECT)" },
    recreate: { help: "make it anew from nothing, save the directories that belong into it" },
    remove: { help: "take it away, after a question" },
    yes: { help: "do not ask" },
    index: { value: "URL|NAME", help: "the index that has pip, for hosts that have none" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

const usualDirectories = ["logs", "etc", "tmp"];

/** Refuses flags that do not go together, and asks whether virtualenvs are to go. False when they are not. */
async function mayBegin(
  name: string,
  flags: Flags<typeof command.options>,
  context: Context,
): Promise<boolean> {
  const { remove, recreate, yes, live, python, virtualenv, index } = flags;
  if (remove && (recreate || live || (python ?? virtualenv ?? index) !== undefined))
    throw new UsageError("--remove goes with none of --recreate, --live, --python, --virtualenv and --index");
  if (yes && !remove) throw new UsageError("--yes is for --remove");
  if (!remove || yes || context.dryRun) return true;
  const answer = await context.ask(`remove the virtualenv ${name} of every host that comes? (yes or no) `, {
    hidden: false,
    signal: context.interrupt.signal,
  });
  if (answer === undefined) throw new UsageError("--remove asks, and there is no terminal: say --yes");
  return /^y(es)?$/i.test(answer.trim());
}

run(command, async ({ args: [operand = ""], flags, context }) => {
  const asked = checkVenv(operand, flags.prefix);
  if (!(await mayBegin(asked.name, flags, context)))
    throw new UsageError("not confirmed: nothing was removed");
  const verb = flags.recreate ? "recreate" : "make";
  return onHosts(context, flags, async ({ settings, transport }) => {
    const directories = (settings.config.values.deploy?.dirs ?? usualDirectories).map(checkDirectory);
    const virtualenv = settings.find("virtualenv", { flag: flags.virtualenv }) ?? "-";
    if (flags.index !== undefined) settings.access("index", { flag: flags.index });
    const wheels = new PipWheels(context.interrupt.signal);
    return eachRecord(context, {
      reads: ["host", "user", "port", "transport", "become", "prefix", "project", "live", "index"],
      key: (record) => `${labelOf(record)} ${asked.name}`,
      work: async (record, task) => {
        refuseLive(asked.name, record, flags.live && !flags.remove);
        const prefix = asked.prefix ?? prefixFor(settings, flags.prefix, record);
        const code = "venv-failed";
        if (flags.remove) {
          const script = {
            parts: ["state", "venv-place", "boot", "venv-remove"],
            args: [prefix, asked.name],
            code,
          };
          const results = await runScript(transport, record, script, task);
          const changes = results.all("change");
          return {
            fields: { venv: undefined, python: undefined, installed: undefined },
            changed: changes.length > 0,
            said: changes.join(", ") || `there is no virtualenv ${asked.name}`,
          };
        }
        const script = {
          parts: ["state", "venv-place", "venv-make", "venv"],
          args: [prefix, asked.name, verb, flags.python ?? "-", virtualenv, ...directories],
          code,
        };
        let results = await runScript(transport, record, script, task);
        const python = results.get("pip-needed");
        if (python !== undefined) {
          const said = { flag: flags.index, record: record.index };
          const known = settings.find("index", said) !== undefined;
          const payload = await wheels.for(python, known ? settings.access("index", said) : undefined);
          if (!task.plan) results = await runScript(transport, record, { ...script, payload }, task);
        }
        const changes = results.all("change");
        const found = results.get("python") ?? "";
        return {
          fields: { venv: { name: asked.name, path: results.get("path") ?? "" }, python: found },
          changed: changes.length > 0,
          said:
            changes.length > 0
              ? `${changes.join(", ")} (Python ${found})`
              : `${asked.name} is sound (Python ${found})`,
        };
      },
    });
  });
});
