#!/usr/bin/env node
// es-session: runs a command whose steps share connections, places and locks.

import { resolve } from "node:path";
import { type Context, run } from "../lib/cli.js";
import { waitOption, wholeNumber } from "../lib/flags.js";
import { inSession } from "../lib/host-session.js";
import { CannotRun, endAs, standIn } from "../lib/stand-in.js";

const command = {
  name: "es-session",
  summary: "run a command whose steps share connections and locks",
  usage: ["[-j N] [--wait S] COMMAND [ARG...]"],
  operands: [1, 1_000_000],
  stopEarly: true,
  timeout: 0,
  options: waitOption,
} as const;

/** What --config, --env and --wait say here counts for the steps, too. */
function ownVariables({ configFile, configEnv }: Context, wait: string | undefined): Record<string, string> {
  return {
    ...(configFile !== undefined && { ESSAY_CONFIG: resolve(configFile) }),
    ...(configEnv !== undefined && { ESSAY_ENV: configEnv }),
    ...(wait !== undefined && { ESSAY_WAIT: String(wholeNumber("--wait", wait, 1, 86_400)) }),
  };
}

run(command, async ({ args, flags, context }) => {
  const own = ownVariables(context, flags.wait);
  // The command decides what a signal means: we end as it does.
  context.interrupt.release();
  try {
    const end = await inSession(context, flags, ({ variables, watched }) =>
      standIn(args, { ...own, ...variables }, watched),
    );
    return endAs(end);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    context.warn(error.message);
    return error.status;
  }
});
