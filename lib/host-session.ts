// The session that several programs share: the one that we run in, or a new one.

import type { Context } from "./cli.js";
import { loadConfig } from "./config/load.js";
import { Settings } from "./config/settings.js";
import { wholeNumber } from "./flags.js";
import { isSession, openSession, type Session } from "./transport/session-server.js";

/** What is used by others, and ends without us. */
const outer = (path: string): Session => ({
  variables: { ESSAY_SESSION: path },
  watch: () => {},
  idle: async () => {},
  close: async () => {},
});

/**
 * Runs `work` in the session that ESSAY_SESSION names, or in a new one, which ends when `work` has ended and with
 * it all steps that it has begun. The flags count for a new one, where they were given.
 */
export async function inSession<T>(
  context: Context,
  { jobs, wait }: { jobs?: string | undefined; wait?: string | undefined },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const known = process.env.ESSAY_SESSION;
  if (known && (await isSession(known))) return work(outer(known));
  if (known) context.warn(`ESSAY_SESSION names ${known}, where no session answers: this is a new one`);
  const places = new Settings(await loadConfig(context)).find("jobs", { flag: jobs });
  const session = await openSession({
    jobs: places === undefined ? context.jobs : Number(places),
    wait: wait === undefined ? 0 : wholeNumber("--wait", wait, 1, 86_400),
  });
  try {
    const done = await work(session);
    await session.idle();
    return done;
  } finally {
    await session.close();
  }
}
