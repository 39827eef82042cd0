#!/usr/bin/env node
// es-session: runs a command whose steps share connections, places and locks.

import { resolve } from "node:path";
import { type Context, run } from "../lib/cli.js";
import { waitOption } from "../lib/flags.js";
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

/** What --config and --env say here counts for the steps, too. */
function ownVariables({ configFile, configEnv }: Context): Record<string, string> {
  return {
    ...(configFile !== undefined && { ESSAY_CONFIG: resolve(configFile) }),
    ...(configEnv !== undefined && { ESSAY_ENV: configEnv }),
  };
}

await run(command, async ({ args, flags, context }) => {
  // The command decides what a signal means: we end as it does.
  context.interrupt.release();
  try {
    const end = await inSession(context, flags, ({ variables, watch }) =>
      standIn(args, { ...ownVariables(context), ...variables }, watch),
    );
    return endAs(end);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    context.warn(error.message);
    return error.status;
  }
});
