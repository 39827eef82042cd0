// Confirms a switch that waits for it: every balancer is told that all is well, or all go back.

import { asFailure, Failure } from "../base/failure.js";
import type { Balancer } from "./balancer.js";
import { missing } from "./recover.js";
import {
  actOnNotes,
  culprits,
  lastTime,
  look,
  type Manner,
  newSite,
  notAttempted,
  type Outcome,
  type Site,
  visit,
} from "./sites.js";

function obstacle(site: Site, first: Site, sites: readonly Site[], partial: boolean): Failure | undefined {
  const { note, file } = site;
  const none = (why: string) => new Failure("nothing-to-confirm", why);
  if (!note)
    return none(`no switch of ${file} waits for confirmation: it has gone back, or was confirmed already`);
  if (note.id !== first.note?.id)
    return none(`the switch to ${note.to} (${note.by}) is another one than that of ${first.balancer.label}`);
  if (!note.complete && note.left === undefined)
    return none(
      `the switch to ${note.to} (${note.by}) does not wait for confirmation: it is under way, or was cut short; see es-nginx-switch --recover`,
    );
  const absent = missing(note, sites);
  if (absent.length > 0 && !partial)
    return none(
      `the switch to ${note.to} is about ${absent.join(", ")}, too, which is not among these records: confirm all of its balancers together, or add --partial`,
    );
  return undefined;
}

function waits({ note }: Site): string {
  if (!note || note.complete) return "";
  return note.left === undefined ? "" : `${note.from} comes back in ${note.left} s`;
}

function confirmed({ note, file: conf }: Site, plan: boolean): Outcome {
  const { from = "", to = "" } = note ?? {};
  const said = plan ? `${to} would be confirmed` : `${to} is served, and confirmed`;
  return { nginx: { conf, from, to, live: to }, changed: true, said };
}

/** Takes all back, as one could not be held to its side. */
async function back(sites: readonly Site[]): Promise<Failure[]> {
  const cause = culprits(sites);
  const stop = AbortSignal.timeout(lastTime);
  return Promise.all(
    sites.map(async ({ balancer, note, failure }) => {
      const { from, to, id = "", left } = note ?? { from: "", to: "" };
      const why = failure ? failure.message : `not confirmed because ${cause}`;
      const code = failure?.code ?? "undone";
      try {
        await balancer.act("undo", note, [id, "reload"], stop);
        return new Failure(code, `${why}; ${from} is served again`, failure?.details);
      } catch (error) {
        const { message } = asFailure(error);
        return new Failure(
          "undo-failed",
          `${why}; ${to} may be served until the time for confirming is over (${left} s): going back at once failed: ${message}`,
          failure?.details,
        );
      }
    }),
  );
}

/** Confirms the switch of these balancers. An outcome for each, in their order; never throws. */
export async function confirmAll(
  balancers: readonly Balancer[],
  { plan, partial }: Manner,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const sites = balancers.map(newSite);
  const work = async () => {
    for (const site of sites) site.failure = obstacle(site, sites[0] as Site, sites, partial);
    if (sites.some(({ failure }) => failure)) return notAttempted(sites, waits);
    if (plan) return sites.map((site) => confirmed(site, true));
    const waiting = sites.filter(({ note }) => !note?.complete);
    // None goes back while the others are told.
    if (!(await actOnNotes(waiting, "hold", [String(lastTime / 1000)], signal))) return back(sites);
    // From here on nobody is taken back by us: who has been told would not know of it.
    if (await actOnNotes(waiting, "commit", [], AbortSignal.timeout(lastTime)))
      await actOnNotes(sites, "keep", [], AbortSignal.timeout(lastTime));
    return sites.map((site) => {
      const { failure, note } = site;
      if (!failure || site.note?.complete) return confirmed(site, false);
      return new Failure(
        failure.code,
        `${failure.message}; the others are confirmed, and this one goes back to ${note?.from} within ${lastTime / 1000} s unless it was told: look with es-live, and switch it again`,
        failure.details,
      );
    });
  };
  return visit(sites, { signal, plan, look: (site) => look(site, undefined, signal), now: waits, work });
}
