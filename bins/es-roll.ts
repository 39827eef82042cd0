#!/usr/bin/env node
// es-roll: runs a command on one batch of hosts after another, and stops when too many fail.

import { UsageError } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { seconds } from "../lib/flags.js";
import { parseSizes } from "../lib/hosts/rollout.js";
import { rollOut } from "../lib/roll.js";

const command = {
  name: "es-roll",
  summary: "run a command on one batch of hosts after another, until too many fail",
  usage: ["SIZE[,SIZE...] [--pause S] [--max-fail N|P%] -- COMMAND [ARG...]"],
  operands: [1, 1],
  command: true,
  timeout: 0,
  options: {
    pause: { value: "S", help: "wait S seconds between two batches" },
  },
} as const;

run(command, async ({ args: [sizes = ""], flags, rest, context }) => {
  if (rest === undefined || rest.length === 0)
    throw new UsageError("after the sizes come -- and the command that is run on each batch");
  if (flags.timeout !== undefined)
    throw new UsageError("a roll has no limit of time: --timeout belongs to the steps of its command");
  return rollOut(context, {
    words: rest,
    sizes: parseSizes(sizes),
    pause: flags.pause === undefined ? 0 : seconds("--pause", flags.pause),
  });
});
