// Shows what its command line was read as; or fails, or waits, as it is told.

import { setTimeout as pause } from "node:timers/promises";
import { Failure, UsageError } from "../../../lib/base/failure.js";
import { run } from "../../../lib/cli.js";

const command = {
  name: "es-show",
  summary: "show the command line",
  usage: ["[WORD...] [-- CMD...]", "again"],
  operands: [0, 3],
  command: true,
  options: {
    index: { value: "URL", short: "i", help: "one value" },
    set: { value: "K=V", many: true, help: "many values" },
    "no-deps": { help: "a switch that begins with no" },
    fail: { value: "HOW", help: "usage, failure, configuration, fault or stuck" },
    wait: { help: "wait for a signal" },
  },
} as const;

run(command, async ({ args, flags, rest, context }) => {
  if (flags.fail === "usage") throw new UsageError(`wrong \x1b[31m ${args[0]}`);
  if (flags.fail === "failure")
    throw new Failure("broken", "it broke", { stderr: "the\x07 reason\nof https://me:geheim@it/" });
  if (flags.fail === "configuration") throw new Failure("not-configured", "no index.url");
  if (flags.fail === "fault") throw new TypeError("a fault");
  if (flags.fail === "stuck") await new Promise(() => {});
  const { say, warn, show, interrupt, ...plain } = context;
  if (flags.wait) {
    process.stdout.write("waiting\n");
    await pause(60_000, undefined, { signal: interrupt.signal }).catch(() => say("cleaning up"));
    if (args[0] === "stubborn") await pause(60_000);
  }
  say("said \x1b[2J of https://me:geheim@it/");
  warn("warned");
  if (context.verbose) show("a\x07label", "one\ntwo\x1b[0m\n");
  const { title } = process;
  process.stdout.write(`${JSON.stringify({ args, flags, rest: rest ?? null, context: plain, title })}\n`);
  return args[0] === "status" ? Number(args[1]) : 0;
});
