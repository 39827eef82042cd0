// The session that several programs share: the one that we run in, or a new one.

import type { Context } from "./cli.js";
import { loadConfig } from "./config/load.js";
import { Settings } from "./config/settings.js";
import type { Session } from "./transport/session-server.js";

/** What programs need in order to share a session: one that is there already watches over its own command only. */
export type Shared = Pick<Session, "variables"> & Partial<Pick<Session, "watched">>;

/**
 * Runs `work` in the session that ESSAY_SESSION names, or in a new one, which ends when `work` has ended and with
 * it all steps that it has begun. `jobs`, the flag, counts for a new one.
 */
export async function inSession<T>(
  context: Context,
  { jobs }: { jobs?: string | undefined },
  work: (session: Shared) => Promise<T>,
): Promise<T> {
  // Late, for it needs Node's streams, which --help does without.
  const { isSession, openSession } = await import("./transport/session-server.js");
  const known = process.env.ESSAY_SESSION;
  if (known && (await isSession(known))) return work({ variables: { ESSAY_SESSION: known } });
  if (known) context.warn(`ESSAY_SESSION names ${known}, where no session answers: this is a new one`);
  const places = new Settings(await loadConfig(context)).find("jobs", { flag: jobs });
  const session = await openSession({ jobs: places === undefined ? context.jobs : Number(places) });
  try {
    const done = await work(session);
    await session.idle();
    return done;
  } finally {
    await session.close();
  }
}
