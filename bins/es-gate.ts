#!/usr/bin/env node
// es-gate: waits for all records, and lets none of them go on where too many have failed.

import { milliseconds } from "../lib/base/clock.js";
import { Failure } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { readAll } from "../lib/step.js";
import { allowedFailures, Run } from "../lib/step-run.js";
import { hasFailed, labelOf } from "../lib/stream/table.js";

const command = {
  name: "es-gate",
  summary: "wait for all records, and let none go on where too many have failed",
  usage: ["[--max-fail N|P%]"],
  operands: [0, 0],
  options: {},
} as const;

run(command, async ({ context }) => {
  const step = new Run(context);
  const started = milliseconds();
  const lines = await readAll(step, []);
  const failed = lines.filter(({ record }) => hasFailed(record));
  const { missing } = step;
  const all = lines.length + missing;
  const most = allowedFailures(context.maxFail, all);
  const closed = failed.length + missing > most;
  const said = [
    `${failed.length} of ${all} failed`,
    ...(missing > 0 ? [`${missing} never came`] : []),
    `--max-fail allows ${most}`,
  ].join(", ");
  const why =
    step.stopped ?? (closed ? new Failure("gate-closed", `the gate is closed: ${said}`) : undefined);

  for (const line of lines) {
    if (why && !hasFailed(line.record)) await step.settle(line, why, Math.round(milliseconds() - started));
    else await step.pass(line);
  }
  if (why) {
    const names = failed.map(({ record }) => labelOf(record)).join(", ");
    const stopped = lines.length - failed.length;
    context.warn(
      `${why.message}${names === "" ? "" : ` (${names})`}; ${stopped} that were well go no further`,
    );
  } else context.say(`${command.name}: open: ${lines.length} records, ${said}`);
  return step.end();
});
