// A balancer as the switch sees it: what can be done there, and what was seen.

/** What lib/remote/nginx-switch.sh does on a balancer; "probe" is lib/remote/nginx-probe.sh. */
export type Phase = "look" | "edit" | "reload" | "probe" | "hold" | "commit" | "keep" | "undo" | "drain";

/** What a phase says, by name. */
export interface Said {
  get(name: string): string | undefined;
  all(name: string): readonly string[];
}

/** The names of the two sides in nginx's configuration. */
export interface Names {
  from: string;
  to: string;
}

export interface Balancer {
  /** As records and notes call it. */
  label: string;
  /** Holds it for this run; resolves to what gives it back. Throws Failure: locked, or as `act`. */
  lock(signal: AbortSignal): Promise<() => Promise<void>>;
  /** Runs a phase there; without names only a note is looked for. Throws Failure. */
  act(phase: Phase, names: Names | undefined, args: readonly string[], signal: AbortSignal): Promise<Said>;
}

/** The note of a switch that is not complete; es-nginx-switch(1) describes it. */
export interface Note extends Names {
  id: string;
  /** Who began it, from where. */
  by: string;
  /** Every balancer that it is about. */
  labels: readonly string[];
  /** All of them had been switched when it was cut short. */
  complete: boolean;
  /** Seconds until it goes back by itself; undefined where nothing is there to do that. */
  left: number | undefined;
}

/** What `look` saw where no switch is under way. */
export interface Sight {
  file: string;
  state: "from" | "to";
  places: number;
  /** The workers were started after the file was written. */
  loaded: boolean;
  /** The workers that have read it, where they are loaded, as `edit` takes them. */
  readers: string;
  sum: string;
  after: string;
}

export function readNote(said: Said): Note | undefined {
  const get = (name: string) => said.get(`note-${name}`) ?? "";
  if (get("id") === "") return undefined;
  return {
    id: get("id"),
    from: get("from"),
    to: get("to"),
    by: get("by"),
    labels: said.all("note-of"),
    complete: get("complete") === "yes",
    left: get("left") === "" ? undefined : Number(get("left")),
  };
}

export function readSight(said: Said): Sight {
  const get = (name: string) => said.get(name) ?? "";
  return {
    file: get("file"),
    state: get("state") === "to" ? "to" : "from",
    places: Number(get("places")),
    loaded: get("loaded") === "yes",
    readers: get("readers"),
    sum: get("sum"),
    after: get("after"),
  };
}
