// Balancers that are only thought of: each has a file, workers that have read it or not, and perhaps a note, and obeys the
// phases as lib/remote/nginx-switch.sh does. Time stands still unless a test lets it go by.

import { Failure } from "../../lib/base/failure.js";
import type { Balancer, Names, Phase, Said } from "../../lib/nginx/balancer.js";
import type { Outcome } from "../../lib/nginx/sites.js";
import type { Wish } from "../../lib/nginx/switch.js";

/** A switch from A to B. */
export const wish: Wish = {
  from: "A",
  to: "B",
  plan: false,
  id: "s1",
  by: "ann@control",
  confirm: 0,
  probe: false,
  drain: false,
  partial: false,
};

/** What the outcomes tell people. */
export const messages = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) =>
    outcome instanceof Failure ? `${outcome.code}: ${outcome.message}` : outcome.said,
  );

interface Noted extends Names {
  id: string;
  labels: readonly string[];
  complete: boolean;
  /** Whether something is there to go back when the time is over. */
  guarded: boolean;
}

export interface Thought extends Balancer {
  /** What the file names, and what the workers serve. */
  named: string;
  served: string;
  note: Noted | undefined;
  /** What was asked of it: the phases with their arguments, without the name of the switch. */
  phases: string[];
  /** How many runs have it: 0 or 1. */
  held: number;
  /** The time for confirming is over. */
  letTimeGoBy(): void;
}

export interface Trouble {
  /** The workers were started before the file was written. */
  unread?: boolean;
  /** Phases that fail before they do anything. */
  failing?: readonly (Phase | "lock")[];
}

const saying = (values: Record<string, string | readonly string[] | undefined>): Said => {
  const all = (name: string) => [values[name] ?? []].flat();
  return { all, get: (name) => all(name).at(-1) };
};

/** A balancer of that label that serves `side`. */
export function thought(label: string, side = "A", { unread = false, failing = [] }: Trouble = {}): Thought {
  const one: Thought = {
    label,
    named: side,
    served: side,
    note: undefined,
    phases: [],
    held: 0,
    letTimeGoBy: () => {
      if (one.note?.guarded && !one.note.complete) goBack(true);
    },
    lock: async () => {
      if (failing.includes("lock")) throw new Failure("locked", "locked by another");
      if (one.held > 0) throw new Error(`${label} is locked twice`);
      one.held++;
      return async () => {
        one.held--;
      };
    },
    act: async (phase, names, args) => {
      const id = one.note?.id ?? (phase === "edit" ? args[2] : undefined);
      one.phases.push([phase, ...args.filter((word) => word !== id)].join(" "));
      if (failing.includes(phase)) throw new Failure(`${phase}-failed`, `${phase} failed`);
      return phases[phase](args, names);
    },
  };
  const goBack = (reload: boolean) => {
    const { from = one.named, to } = one.note ?? {};
    const restored = one.named === to;
    one.named = from;
    if (reload) one.served = from;
    one.note = undefined;
    return restored;
  };
  const need = (id: string | undefined): Noted => {
    if (one.note === undefined || one.note.id !== id)
      throw new Failure("switched-back", "taken back meanwhile");
    return one.note;
  };
  const nothing = saying({});
  const phases: Record<Phase, (args: readonly string[], names: Names | undefined) => Said> = {
    look: (_, names) => {
      const { note } = one;
      if (note)
        return saying({
          file: "/f",
          "note-id": note.id,
          "note-from": note.from,
          "note-to": note.to,
          "note-by": "ann@control",
          "note-of": note.labels,
          "note-complete": note.complete ? "yes" : undefined,
          "note-left": note.guarded ? "5" : "",
        });
      if (!names) return saying({ file: "/f" });
      const state = one.named === names.to ? "to" : "from";
      return saying({
        file: "/f",
        state,
        places: "1",
        loaded: unread ? "no" : "yes",
        readers: unread ? "" : "7:8",
        sum: "old",
        after: state === "to" ? "old" : "new",
      });
    },
    edit: ([, , id = "", seconds, , , ...labels], names) => {
      if (one.note || !names) throw new Failure("locked", "another switch has begun");
      one.note = { ...names, id, labels, complete: false, guarded: seconds !== "0" };
      one.named = names.to;
      return nothing;
    },
    reload: ([id]) => {
      one.served = need(id).to;
      return nothing;
    },
    probe: () => nothing,
    hold: ([id]) => {
      need(id);
      return nothing;
    },
    commit: ([id]) => {
      need(id).complete = true;
      return nothing;
    },
    keep: ([id]) => {
      if (one.note?.id === id) one.note = undefined;
      return nothing;
    },
    undo: ([id, how]) => {
      if (one.note?.id !== id) return nothing;
      const restored = goBack(how === "reload") ? "yes" : undefined;
      return saying({ restored, reloaded: how === "reload" ? "yes" : undefined });
    },
    drain: () => nothing,
  };
  return one;
}

/** The control machine dies: before the act of that number (from 0) reaches a balancer, or before its answer comes back. */
export function dyingAt(all: readonly Thought[], number: number, when: "before" | "after"): Balancer[] {
  let acts = 0;
  const died = new Failure("connection-lost", "the control machine has died");
  return all.map((one) => ({
    label: one.label,
    lock: one.lock,
    act: async (...asked) => {
      const mine = acts++;
      if (mine > number || (mine === number && when === "before")) throw died;
      const said = await one.act(...asked);
      if (mine === number) throw died;
      return said;
    },
  }));
}
