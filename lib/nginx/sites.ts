// Balancers that are worked on together: a phase on all of them, and what became of each.

import { asFailure, Failure } from "../base/failure.js";
import { type Balancer, type Names, type Note, type Phase, readNote, type Said } from "./balancer.js";

/** Milliseconds for what must be done also after the time is over or the run is cancelled. */
export const lastTime = 60_000;

/** How balancers are gone about, whatever is done on them. */
export interface Manner {
  /** Only look. */
  plan: boolean;
  /** Balancers that a noted switch is about may be missing. */
  partial: boolean;
}

export interface Site {
  readonly balancer: Balancer;
  /** The file with the name, once it was looked at. */
  file: string;
  note: Note | undefined;
  failure: Failure | undefined;
}

export const newSite = (balancer: Balancer): Site => ({
  balancer,
  file: "",
  note: undefined,
  failure: undefined,
});

/** How it went on a balancer that is well. `nginx` where a switch was found or made; `live` is the side that is served, null where it cannot be told. */
export interface Switched {
  nginx: { conf: string; from: string; to: string; live: string | null } | undefined;
  changed: boolean;
  said: string;
}

export type Outcome = Switched | Failure;

/** Does `work` on all at once; a site whose work throws gets the failure. True when all are well. */
export async function attempt<S extends Site>(
  sites: readonly S[],
  signal: AbortSignal,
  work: (site: S) => Promise<unknown>,
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

/** Runs a phase on all that have a note; its arguments begin with the name of the switch. */
export function actOnNotes(
  sites: readonly Site[],
  phase: Phase,
  args: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  return attempt(sites, signal, ({ balancer, note }) =>
    note ? balancer.act(phase, note, [note.id, ...args], signal) : Promise.resolve(),
  );
}

/** Looks for a note; with names also at the file. Resolves to all that was said. */
export async function look(site: Site, names: Names | undefined, signal: AbortSignal): Promise<Said> {
  const said = await site.balancer.act("look", names, [], signal);
  site.file = said.get("file") ?? "";
  site.note = readNote(said);
  return said;
}

/** Says of the balancers on which it failed first what the others need to know. */
export function culprits(sites: readonly Site[]): string {
  return sites
    .flatMap(({ balancer, failure }) => (failure ? [`${balancer.label} failed (${failure.code})`] : []))
    .join(", ");
}

/** The outcomes where nothing was done, as some failed. */
export function notAttempted<S extends Site>(sites: readonly S[], now: (site: S) => string): Failure[] {
  const cause = culprits(sites);
  return sites.map((site) => {
    if (site.failure) return site.failure;
    const rest = now(site);
    return new Failure("not-attempted", `not switched because ${cause}${rest ? `; ${rest}` : ""}`);
  });
}

export interface Visit<S extends Site> {
  signal: AbortSignal;
  /** Only look: nothing is held. */
  plan: boolean;
  look(site: S): Promise<unknown>;
  /** How it is where others failed, in words. */
  now(site: S): string;
  /** What is done when all were well to look at. */
  work(): Promise<Outcome[]>;
}

/** Holds all balancers and looks at them, works, and gives them back; where one is not well, nothing is done. */
export async function visit<S extends Site>(sites: readonly S[], visit: Visit<S>): Promise<Outcome[]> {
  const { signal, plan, look, now, work } = visit;
  const held: (() => Promise<void>)[] = [];
  try {
    const all = await attempt(sites, signal, async (site) => {
      if (!plan) held.push(await site.balancer.lock(signal));
      await look(site);
    });
    return all ? await work() : notAttempted(sites, now);
  } finally {
    await Promise.all(held.map((release) => release()));
  }
}
