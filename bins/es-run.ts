#!/usr/bin/env node
// es-run: runs a command on each host, or once for all of them, in the activated virtualenv.

import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { UsageError } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { hostOptions, liveOption } from "../lib/flags.js";
import { deployVariables, hooksOf } from "../lib/host-run.js";
import { runAllOnHost } from "../lib/host-runs.js";
import { onHosts } from "../lib/host-step.js";
import { refuseLive } from "../lib/host-venv.js";
import { Once } from "../lib/run/once.js";
import { readVariable } from "../lib/run/variables.js";
import { eachRecord, passOn } from "../lib/step.js";
import type { Payload } from "../lib/transport/contract.js";

const command = {
  name: "es-run",
  summary: "run a command on each host, in the activated virtualenv",
  usage: ["[FLAGS] -- CMD [ARG...]", "--script FILE [-- ARG...]", "--hook deploy.pre|deploy.post"],
  operands: [0, 0],
  command: true,
  options: {
    script: { value: "FILE", help: "send this script and run it" },
    hook: { value: "KEY", help: "run the commands of this key of the configuration, if it is set" },
    cd: { value: "DIR", help: "run it in DIR of the host (the home directory)" },
    setenv: { value: "NAME[=VALUE]", many: true, help: "set a variable; without a value, to our own one" },
    once: { help: "run it on one host only, for all of them" },
    looks: { help: "it changes nothing: take no lock" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

async function scriptOf(file: string): Promise<Payload> {
  try {
    const bytes = await readFile(file);
    return { size: bytes.length, open: () => Readable.from([bytes]) };
  } catch (error) {
    throw new UsageError(`cannot read the script ${file}: ${(error as Error).message}`);
  }
}

run(command, async ({ flags, rest = [], context }) => {
  const ways = [flags.script, flags.hook, flags.script === undefined ? rest[0] : undefined];
  if (ways.filter((way) => way !== undefined).length !== 1)
    throw new UsageError("say what to run: -- CMD, --script FILE, or --hook KEY");
  if (rest[0] === "" && flags.script === undefined) throw new UsageError("the command is an empty word");
  const variables = flags.setenv.map((text) => readVariable(text, process.env));
  const script = flags.script === undefined ? undefined : await scriptOf(flags.script);
  const typed = [{ words: [flags.script ?? [], rest].flat(), once: false }];

  return onHosts(context, flags, async ({ settings, transport }) => {
    const wanted = flags.hook === undefined ? typed : hooksOf(flags.hook, settings.config.values);
    if (wanted.length === 0) return passOn(context);
    const commands = wanted.map(({ words, once }, number) => ({
      words,
      once:
        once || flags.once
          ? new Once(process.env.ESSAY_ROLL, [...process.argv.slice(2), String(number), ...words])
          : undefined,
    }));
    return eachRecord(context, {
      reads: [
        ...(["host", "user", "port", "transport", "become", "venv", "live"] as const),
        ...(["project", "version", "commit", "profile"] as const),
      ],
      work: async (record, task) => {
        if (record.venv && !flags.looks) refuseLive(record.venv.name, record, flags.live);
        const told = [...deployVariables(settings, record), ...variables];
        const common = { script, variables: told, directory: flags.cd, looks: flags.looks };
        const { ran, begun, failed, said } = await runAllOnHost(transport, record, commands, common, task);
        return {
          fields: ran ? { ran } : {},
          changed: begun && !flags.looks,
          said,
          ...(failed ? { failed } : flags.looks && { trace: false as const }),
        };
      },
    });
  });
});
