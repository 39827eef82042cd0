#!/usr/bin/env node
// es-pick: keeps records by what happened to them, and makes failed ones ready to be run again.

import { UsageError } from "../lib/base/failure.js";
import type { Json } from "../lib/base/json.js";
import { run } from "../lib/cli.js";
import { readAll } from "../lib/step.js";
import { Run } from "../lib/step-run.js";
import { newBatch } from "../lib/stream/batches.js";
import { type Choice, isChosen, lastOfEach } from "../lib/stream/choice.js";

const command = {
  name: "es-pick",
  summary: "keep the records that failed, went well, changed something or have a role",
  usage: ["[--not] [--failed|--ok] [--changed] [--role ROLE]... [--clear-errors] [FILE...]"],
  operands: [0, 10_000],
  options: {
    failed: { help: "those that failed" },
    ok: { help: "those that did not" },
    changed: { help: "those on which something was changed" },
    role: { value: "ROLE", many: true, help: "those with this role, or with one of several" },
    not: { help: "the others: all that the condition does not keep" },
    "clear-errors": { help: "take their errors away, so that steps work on them again" },
  },
} as const;

/** Throws UsageError where it would not be plain what is meant. */
function choiceOf(flags: { failed: boolean; ok: boolean; changed: boolean; role: string[] }): Choice {
  if (flags.failed && flags.ok) throw new UsageError("no record is both --failed and --ok");
  return {
    ...((flags.failed || flags.ok) && { failed: flags.failed }),
    ...(flags.changed && { changed: true }),
    ...(flags.role.length > 0 && { roles: flags.role }),
  };
}

run(command, async ({ args, flags, context }) => {
  const choice = choiceOf(flags);
  const conditions = Object.keys(choice).length;
  if (conditions === 0 && !flags["clear-errors"])
    throw new UsageError("say which records to keep: --failed, --ok, --changed or --role ROLE");
  if (flags.not && conditions !== 1)
    throw new UsageError(
      "--not turns one condition round; for several, run es-pick twice, with a pipe between",
    );

  const step = new Run(context);
  const lines = lastOfEach(await readAll(step, ["roles"], args));
  const picked = lines.filter(({ record }) => isChosen(record, choice) !== flags.not);
  step.tellMissing();
  const lacking = step.missing + step.malformed;
  // Who reads our records is to notice, too, that some never came.
  const batch = newBatch(picked.length + lacking) as unknown as Json;
  for (const line of picked)
    await step.emit(line, {
      batch,
      ...(flags["clear-errors"] && { error: undefined }),
      ...(context.dryRun && { plan: true }),
    });
  context.say(`${command.name}: ${picked.length} of ${lines.length} records`);
  if (!(await step.flush())) return 1;
  if (lacking > 0) return 2;
  return picked.length > 0 || context.allowEmpty ? 0 : 1;
});
