#!/usr/bin/env node
// es-session: runs a command whose steps share connections and places.

import { resolve } from "node:path";
import { type Context, run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { CannotRun, type End, endAs, standIn } from "../lib/stand-in.js";
import { isSession, openSession } from "../lib/transport/session-server.js";

const command = {
  name: "es-session",
  summary: "run a command whose steps share connections to hosts",
  usage: ["COMMAND [ARG...]"],
  operands: [1, 1_000_000],
  stopEarly: true,
  timeout: 0,
  options: {},
} as const;

/** What --config and --env say here counts for the steps, too. */
function ownVariables({ configFile, configEnv }: Context): Record<string, string> {
  return {
    ...(configFile !== undefined && { ESSAY_CONFIG: resolve(configFile) }),
    ...(configEnv !== undefined && { ESSAY_ENV: configEnv }),
  };
}

/** Runs the command in a session that ends with it and with the steps that it has begun. */
async function inSession(words: readonly string[], context: Context, jobs: string | undefined): Promise<End> {
  const settings = new Settings(await loadConfig(context));
  const places = settings.find("jobs", { flag: jobs });
  const session = await openSession({ jobs: places === undefined ? context.jobs : Number(places) });
  try {
    const variables = { ...ownVariables(context), ...session.variables };
    const end = await standIn(words, variables, session.watch);
    await session.idle();
    return end;
  } finally {
    await session.close();
  }
}

await run(command, async ({ args, flags, context }) => {
  // The command decides what a signal means: we end as it does.
  context.interrupt.release();
  const outer = process.env.ESSAY_SESSION;
  const joins = outer !== undefined && outer !== "" && (await isSession(outer));
  if (outer && !joins)
    context.warn(`ESSAY_SESSION names ${outer}, where no session answers: this is a new one`);
  try {
    if (joins) return endAs(await standIn(args, ownVariables(context), () => {}));
    return endAs(await inSession(args, context, flags.jobs));
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    context.warn(error.message);
    return error.status;
  }
});
