// Ends switches that were cut short: where one was complete on all balancers, each gets the new side for good; where it
// was not, each goes back. The notes beside the edited files tell.

import { Failure } from "../base/failure.js";
import type { Balancer, Note } from "./balancer.js";
import {
  actOnNotes,
  look,
  type Manner,
  newSite,
  notAttempted,
  type Outcome,
  type Site,
  visit,
} from "./sites.js";

/** The switches that are noted, each with the sites that have its note. */
function switches(sites: readonly Site[]): { note: Note; sites: Site[] }[] {
  const byId = new Map<string, { note: Note; sites: Site[] }>();
  for (const site of sites) {
    const { note } = site;
    if (!note) continue;
    const one = byId.get(note.id) ?? { note, sites: [] };
    one.sites.push(site);
    byId.set(note.id, one);
  }
  return [...byId.values()];
}

/** True when all balancers of a switch had been switched: one of them at least was told so. */
const isComplete = (sites: readonly Site[]) => sites.some(({ note }) => note?.complete);

/** Whom a switch was about and who is not here. */
export function missing(note: Note, sites: readonly Site[]): string[] {
  const here = new Set(sites.map(({ balancer }) => balancer.label));
  return note.labels.filter((label) => !here.has(label));
}

/** Sees that nothing is in the way; where something is, some sites have a failure afterwards. */
export function mayRecover(sites: readonly Site[], partial: boolean): boolean {
  for (const { note, sites: some } of switches(sites)) {
    const absent = missing(note, sites);
    // One that was told that all is complete knows; otherwise one that is not here may know better.
    if (absent.length === 0 || partial || isComplete(some)) continue;
    for (const site of some)
      site.failure = new Failure(
        "cut-short",
        `a switch to ${note.to} (${note.by}) was cut short, and ${absent.join(", ")}, which it was about, is not among these records: pipe all of its balancers into es-nginx-switch --recover, or add --partial`,
      );
  }
  return sites.every(({ failure }) => !failure);
}

/** Ends the switches whose notes were found. True when all went well; sites have failures otherwise. */
export async function endSwitches(sites: readonly Site[], signal: AbortSignal): Promise<boolean> {
  for (const { sites: some } of switches(sites)) {
    if (!isComplete(some)) {
      await actOnNotes(some, "undo", ["reload"], signal);
      continue;
    }
    const late = some.filter(({ note }) => !note?.complete);
    // A note that goes early would take away what the others are to know.
    if ((await actOnNotes(late, "reload", [], signal)) && (await actOnNotes(late, "commit", [], signal)))
      await actOnNotes(some, "keep", [], signal);
  }
  return sites.every(({ failure }) => !failure);
}

function ended(site: Site, complete: boolean, would: string): Outcome {
  const { note, file: conf, failure } = site;
  if (failure) return failure;
  if (!note) return { nginx: undefined, changed: false, said: `no switch of ${conf} was cut short` };
  const { from, to } = note;
  const live = complete ? to : from;
  const how = complete ? "is complete" : "is taken back";
  const said = `the switch to ${to} that was cut short (${note.by}) ${would}${how}`;
  return {
    nginx: { conf, from, to, live: would ? null : live },
    changed: true,
    said: would ? said : `${live} is served; ${said}`,
  };
}

/** Ends what was cut short on these balancers. An outcome for each, in their order; never throws. */
export async function recoverAll(
  balancers: readonly Balancer[],
  { plan, partial }: Manner,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const sites = balancers.map(newSite);
  const now = () => "";
  const work = async () => {
    if (!mayRecover(sites, partial)) return notAttempted(sites, now);
    const complete = new Set(
      switches(sites).flatMap(({ note, sites: some }) => (isComplete(some) ? [note.id] : [])),
    );
    if (!plan) await endSwitches(sites, signal);
    const would = plan ? "would be ended: it " : "";
    return sites.map((site) => ended(site, complete.has(site.note?.id ?? ""), would));
  };
  return visit(sites, { signal, plan, look: (site) => look(site, undefined, signal), now, work });
}
