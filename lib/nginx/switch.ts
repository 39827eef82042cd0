// All balancers or none: looks at every one, edits every one, reloads every one; when anything fails on any,
// each goes back to what it was.

import { asFailure, Failure } from "../base/failure.js";
import { type Balancer, type Names, readSight, type Sight } from "./balancer.js";
import { endSwitches, mayRecover } from "./recover.js";
import {
  actOnNotes,
  attempt,
  culprits,
  lastTime,
  look,
  type Manner,
  newSite,
  notAttempted,
  type Outcome,
  type Site,
  type Switched,
  visit,
} from "./sites.js";

/** The names of the two sides, and how to go about it. */
export interface Wish extends Names, Manner {
  /** The name of this switch: no other one has it. */
  id: string;
  /** Who switches, from where. */
  by: string;
  /** Seconds in which it must be confirmed, as each balancer goes back by itself otherwise; 0 for never. */
  confirm: number;
  /** Look through nginx at what it serves before calling it done. */
  probe: boolean;
  /** Wait until the workers of the old configuration are gone. */
  drain: boolean;
}

interface Place extends Site {
  sight: Sight | undefined;
  began: "nothing" | "edit" | "reload";
}

async function lookAt(place: Place, wish: Wish, signal: AbortSignal): Promise<void> {
  const said = await look(place, wish, signal);
  place.sight = place.note ? undefined : readSight(said);
}

/** Whether there is anything to do: also for a text that is right already but that nginx may not have read. */
function isPending({ sight }: Place): boolean {
  return sight?.state === "from" || sight?.loaded === false;
}

const countOf = (places: number) => (places === 1 ? "1 place" : `${places} places`);

/** The side that is served as long as nothing is done. */
function liveBefore({ sight }: Place, wish: Wish): string | null {
  return sight?.loaded ? wish[sight.state] : null;
}

function servedBefore(place: Place, wish: Wish): string {
  const live = liveBefore(place, wish);
  if (live !== null) return `${live} is served`;
  const { sight, file } = place;
  return sight ? `${file} names ${wish[sight.state]}, but nginx may not have read it` : "";
}

function planned(place: Place, wish: Wish): Switched {
  const { from, to } = wish;
  const { file: conf, note, sight } = place;
  if (note) {
    const said = `would first end the switch to ${note.to} that was cut short (${note.by}), then switch to ${to}`;
    return { nginx: { conf, from, to, live: null }, changed: true, said };
  }
  const nginx = { conf, from, to, live: liveBefore(place, wish) };
  const served = servedBefore(place, wish);
  if (!isPending(place)) return { nginx, changed: false, said: `${served} already` };
  const said =
    sight?.state === "from"
      ? `would put ${to} in ${countOf(sight.places)} of ${conf} and reload; ${served}`
      : `would reload; ${served}`;
  return { nginx, changed: true, said };
}

function completed(place: Place, wish: Wish): Switched {
  const { file: conf, sight, began } = place;
  const { from, to } = wish;
  const done =
    began === "nothing"
      ? "already"
      : sight?.state === "to"
        ? `(reloaded; ${conf} named it already)`
        : `(was ${from}, ${countOf(sight?.places ?? 0)} of ${conf})`;
  const unless =
    wish.confirm > 0 && began !== "nothing"
      ? `; ${from} comes back in ${wish.confirm} s unless es-nginx-switch --confirm-now is run before`
      : "";
  return {
    nginx: { conf, from, to, live: to },
    changed: began !== "nothing",
    said: `${to} is served ${done}${unless}`,
  };
}

/** Takes a balancer back to what it was; says how it is now, or throws. */
async function goBack(place: Place, wish: Wish): Promise<string> {
  const { began, balancer, sight, file } = place;
  if (began === "nothing") return servedBefore(place, wish);
  const args = [wish.id, began === "reload" ? "reload" : "-"];
  const said = await balancer.act("undo", wish, args, AbortSignal.timeout(lastTime));
  const restored = said.get("restored") === "yes" ? `${file} has its old text again` : "";
  const reloaded = said.get("reloaded") === "yes" ? "nginx was reloaded" : "";
  const live = sight?.state === "from" ? `${wish.from} is served` : servedBefore(place, wish);
  return [restored, reloaded, live].filter(Boolean).join(", ");
}

async function undone(place: Place, wish: Wish, cause: string): Promise<Failure> {
  const { failure } = place;
  let now: string;
  try {
    now = await goBack(place, wish);
  } catch (error) {
    const why = failure ? `${failure.message}; then` : `${cause};`;
    const byItself = wish.confirm > 0 ? `it goes back by itself within ${wish.confirm} s, or ` : "";
    return new Failure(
      "undo-failed",
      `${why} going back failed, too: ${asFailure(error).message}; ${byItself}run es-nginx-switch --recover when it can be reached, and look at ${place.file}`,
      failure?.details ?? {},
    );
  }
  if (failure) return new Failure(failure.code, `${failure.message}; ${now}`, failure.details);
  return place.began === "nothing"
    ? new Failure("not-attempted", `not switched because ${cause}; ${now}`)
    : new Failure("undone", `switched back because ${cause}; ${now}`);
}

/** Ends what an earlier run has left half-done. True when the way is free. */
async function clearTheWay(places: readonly Place[], wish: Wish, signal: AbortSignal): Promise<boolean> {
  for (const place of places) {
    const { note } = place;
    if (!note || note.complete || note.left === undefined) continue;
    place.failure = new Failure(
      "unconfirmed",
      `the switch to ${note.to} (${note.by}) waits for confirmation, and goes back by itself in ${note.left} s: run es-nginx-switch --confirm-now or --recover, or wait`,
    );
  }
  if (places.some(({ failure }) => failure) || !mayRecover(places, wish.partial)) return false;
  if (wish.plan || places.every(({ note }) => !note)) return true;
  return (
    (await endSwitches(places, signal)) && attempt(places, signal, (place) => lookAt(place, wish, signal))
  );
}

/** Edits, reloads and, where it is wished for, looks through nginx: each when the one before has gone well everywhere. */
async function go(places: readonly Place[], wish: Wish, signal: AbortSignal): Promise<boolean> {
  const pending = places.filter(isPending);
  const labels = pending.map(({ balancer }) => balancer.label);
  const { id, confirm, by } = wish;
  const edited = await attempt(pending, signal, async (place) => {
    const { sum = "", after = "", readers = "" } = place.sight ?? {};
    place.began = "edit";
    await place.balancer.act("edit", wish, [sum, after, id, String(confirm), by, readers, ...labels], signal);
    place.note = { ...wish, labels, complete: false, left: undefined };
  });
  if (!edited) return false;
  const reloaded = await attempt(pending, signal, async (place) => {
    place.began = "reload";
    await place.balancer.act("reload", wish, [id], signal);
  });
  if (!reloaded) return false;
  if (
    wish.probe &&
    !(await attempt(places, signal, ({ balancer }) => balancer.act("probe", wish, [], signal)))
  )
    return false;
  return confirm === 0 || actOnNotes(pending, "hold", [String(confirm)], signal);
}

/** Notes that all are switched, then takes the notes away. Who could not be told has a failure afterwards. */
async function finish(places: readonly Place[]): Promise<void> {
  const pending = places.filter(isPending);
  const stop = AbortSignal.timeout(lastTime);
  // One that is alone has nobody to learn it from.
  if (pending.length > 1 && !(await actOnNotes(pending, "commit", [], stop))) return;
  await actOnNotes(pending, "keep", [], stop);
  // Where a balancer has gone just now, its note says that all is complete, and the next run takes it away.
  if (pending.length > 1) for (const place of pending) place.failure = undefined;
}

async function outcome(place: Place, wish: Wish, signal: AbortSignal): Promise<Outcome> {
  const { failure, balancer, began } = place;
  if (failure)
    return new Failure(
      failure.code,
      `${failure.message}; ${wish.to} is served, but that all balancers are switched could not be noted: run es-nginx-switch --recover`,
      failure.details,
    );
  if (!wish.drain || began === "nothing") return completed(place, wish);
  try {
    await balancer.act("drain", wish, [], signal);
    return completed(place, wish);
  } catch (error) {
    const { code, message, details } = asFailure(signal.aborted ? signal.reason : error);
    return new Failure(
      code,
      `${wish.to} is served; the old workers were not seen to end: ${message}`,
      details,
    );
  }
}

/** Switches all balancers or none. An outcome for each, in their order; never throws. */
export async function switchAll(
  balancers: readonly Balancer[],
  wish: Wish,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const places = balancers.map(
    (balancer): Place => ({ ...newSite(balancer), sight: undefined, began: "nothing" }),
  );
  const now = (place: Place) => servedBefore(place, wish);
  const work = async () => {
    if (!(await clearTheWay(places, wish, signal))) return notAttempted(places, now);
    if (wish.plan) return places.map((place) => planned(place, wish));
    if (!(await go(places, wish, signal))) {
      const cause = culprits(places);
      return Promise.all(places.map((place) => undone(place, wish, cause)));
    }
    if (wish.confirm === 0) await finish(places);
    return Promise.all(places.map((place) => outcome(place, wish, signal)));
  };
  const { plan } = wish;
  return visit(places, { signal, plan, look: (place) => lookAt(place, wish, signal), now, work });
}
