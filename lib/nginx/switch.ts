// All balancers or none: looks at every one, edits every one, reloads every one; when anything fails on any,
// each goes back to what it was.

import { asFailure, Failure } from "../base/failure.js";

/** What lib/remote/nginx-switch.sh does on a balancer. */
export type Phase = "look" | "edit" | "reload" | "undo" | "keep";

/** One balancer. `act` runs a phase of the script there and resolves to its results. Throws Failure. */
export interface Balancer {
  label: string;
  act(
    phase: Phase,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<{ get(name: string): string | undefined }>;
}

/** The names of the two sides, and whether only to look. */
export interface Wish {
  from: string;
  to: string;
  plan: boolean;
}

/** How it went on a balancer that is well. `live` is the side that is served, null where it cannot be told. */
export interface Switched {
  conf: string;
  live: string | null;
  changed: boolean;
  said: string;
}

/** What `look` saw. */
interface Sight {
  file: string;
  state: "from" | "to";
  places: number;
  /** The workers were started after the file was written. */
  loaded: boolean;
  /** The old text is still beside the file: a switch was cut short. */
  leftover: boolean;
  sum: string;
  after: string;
}

interface Site {
  balancer: Balancer;
  sight: Sight | undefined;
  began: "nothing" | "edit" | "reload";
  failure: Failure | undefined;
}

/** Milliseconds for going back; it happens also after the time is over or the run is cancelled. */
const undoTime = 60_000;

async function attempt(
  sites: readonly Site[],
  signal: AbortSignal,
  work: (site: Site) => Promise<void>,
): Promise<boolean> {
  await Promise.all(
    sites.map(async (site) => {
      try {
        signal.throwIfAborted();
        await work(site);
        signal.throwIfAborted();
      } catch (error) {
        site.failure = asFailure(signal.aborted ? signal.reason : error);
      }
    }),
  );
  return sites.every(({ failure }) => !failure);
}

async function look(site: Site, signal: AbortSignal): Promise<void> {
  const results = await site.balancer.act("look", [], signal);
  const get = (name: string) => results.get(name) ?? "";
  site.sight = {
    file: get("file"),
    state: get("state") === "to" ? "to" : "from",
    places: Number(get("places")),
    loaded: get("loaded") === "yes",
    leftover: get("leftover") === "yes",
    sum: get("sum"),
    after: get("after"),
  };
}

/** Whether there is anything to do: also for a text that is right already but that nginx may not have read. */
function isPending({ sight }: Site): boolean {
  return sight?.state === "from" || sight?.leftover === true || sight?.loaded === false;
}

const countOf = (places: number) => (places === 1 ? "1 place" : `${places} places`);

/** The side that is served as long as nothing is done. */
function liveBefore(sight: Sight, wish: Wish): string | null {
  if (!sight.loaded || (sight.state === "to" && sight.leftover)) return null;
  return wish[sight.state];
}

function servedBefore(sight: Sight, wish: Wish): string {
  const live = liveBefore(sight, wish);
  return live === null
    ? `${sight.file} names ${wish[sight.state]}, but nginx may not have read it`
    : `${live} is served`;
}

/** Says of the balancers on which it failed first what the others need to know. */
function culprits(sites: readonly Site[]): string {
  return sites
    .flatMap(({ balancer, failure }) => (failure ? [`${balancer.label} failed (${failure.code})`] : []))
    .join(", ");
}

function planned(site: Site, wish: Wish): Switched {
  const sight = site.sight as Sight;
  const { file: conf } = sight;
  const served = servedBefore(sight, wish);
  const live = liveBefore(sight, wish);
  if (!isPending(site)) return { conf, live, changed: false, said: `${served} already` };
  const said =
    sight.state === "from"
      ? `would put ${wish.to} in ${countOf(sight.places)} of ${conf} and reload; ${served}`
      : `would reload; ${served}`;
  return { conf, live, changed: true, said };
}

function completed(site: Site, wish: Wish): Switched {
  const { file: conf, state, places } = site.sight as Sight;
  const done =
    site.began === "nothing"
      ? "already"
      : state === "to"
        ? `(reloaded; ${conf} named it already)`
        : `(was ${wish.from}, ${countOf(places)} of ${conf})`;
  return {
    conf,
    live: wish.to,
    changed: site.began !== "nothing",
    said: `${wish.to} is served ${done}`,
  };
}

/** Takes a balancer back to what it was; says how it is now, or throws. */
async function goBack(site: Site, wish: Wish): Promise<string> {
  const sight = site.sight as Sight;
  if (site.began === "nothing") return servedBefore(sight, wish);
  const args = [sight.sum, sight.after, site.began === "reload" ? "reloaded" : "-"];
  const results = await site.balancer.act("undo", args, AbortSignal.timeout(undoTime));
  const restored = results.get("restored") === "yes" ? `${sight.file} has its old text again` : "";
  const reloaded = results.get("reloaded") === "yes" ? "nginx was reloaded" : "";
  // Of a switch that was cut short before, the side before that one comes back.
  const live = sight.state === "from" || restored ? `${wish.from} is served` : servedBefore(sight, wish);
  return [restored, reloaded, live].filter(Boolean).join(", ");
}

async function undone(site: Site, wish: Wish, cause: string): Promise<Failure> {
  const { failure } = site;
  let now: string;
  try {
    now = await goBack(site, wish);
  } catch (error) {
    const why = failure ? `${failure.message}; then` : `${cause};`;
    const { file } = site.sight as Sight;
    return new Failure(
      "undo-failed",
      `${why} going back failed, too: ${asFailure(error).message}; look at ${file}, and run the switch again`,
      failure?.details ?? {},
    );
  }
  if (failure) return new Failure(failure.code, `${failure.message}; ${now}`, failure.details);
  return site.began === "nothing"
    ? new Failure("not-attempted", `not switched because ${cause}; ${now}`)
    : new Failure("undone", `switched back because ${cause}; ${now}`);
}

/** Switches all balancers or none. An outcome for each, in their order; never throws. */
export async function switchAll(
  balancers: readonly Balancer[],
  wish: Wish,
  signal: AbortSignal,
): Promise<(Switched | Failure)[]> {
  const sites = balancers.map(
    (balancer): Site => ({ balancer, sight: undefined, began: "nothing", failure: undefined }),
  );
  if (!(await attempt(sites, signal, (site) => look(site, signal)))) {
    const cause = culprits(sites);
    return sites.map(
      ({ failure, sight }) =>
        failure ??
        new Failure("not-attempted", `not switched because ${cause}; ${servedBefore(sight as Sight, wish)}`),
    );
  }
  if (wish.plan) return sites.map((site) => planned(site, wish));

  const pending = sites.filter(isPending);
  const go = (phase: "edit" | "reload") =>
    attempt(pending, signal, async (site) => {
      const { sum, after } = site.sight as Sight;
      site.began = phase;
      await site.balancer.act(phase, [sum, after], signal);
    });
  if (!((await go("edit")) && (await go("reload")))) {
    const cause = culprits(pending);
    return Promise.all(sites.map((site) => undone(site, wish, cause)));
  }
  // All serve the new side. Old text that stays where a balancer has gone just now is taken away by the next run.
  await attempt(pending, AbortSignal.timeout(undoTime), async ({ balancer, sight }) => {
    const { sum, after } = sight as Sight;
    await balancer.act("keep", [sum, after], AbortSignal.timeout(undoTime));
  });
  return sites.map((site) => completed(site, wish));
}
