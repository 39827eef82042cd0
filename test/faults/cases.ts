// Where a deploy is cut: points in every phase of its connections, found in the bytes of a deploy that went well.

import type { Direction, Fault, Passed } from "../lab/fault-proxy.js";
import type { Mode } from "./fleet.js";

export type Kind = Fault["kind"];
export const kinds: readonly Kind[] = ["reset", "end", "stall", "corrupt", "pause"];

/** A point in a deploy. */
export interface Point {
  mode: Mode;
  connection: number;
  /** In words, for people. */
  phase: string;
  /** The host has not let us in yet. */
  connecting: boolean;
  direction: Direction;
  after: number;
}

export interface Case extends Point {
  kind: Kind;
}

export const nameOf = ({ mode, phase, kind }: Case) => `${mode}, ${phase}: ${kind}`;

export const faultOf = ({ connection, direction, after, kind }: Case): Fault => ({
  kind,
  connection,
  direction,
  after,
  ms: 1500,
});

/** The scripts that a deploy sends: in a session, the first one that changes something finds no lock, and is repeated. */
const scripts: Record<Mode, readonly string[]> = {
  steps: ["es-venv", "es-pip", "es-supervisor", "es-check"],
  session: ["es-venv without lock", "the lock", "es-venv", "es-pip", "es-supervisor", "es-check"],
};

type Place = [phase: string, direction: Direction, after: number];

/** Bytes of a connection until the host has let us in; what OpenSSH and ssh2 say there is always as long. */
const connecting: readonly Place[] = [
  ["before the host's first word", "down", 0],
  ["in the host's banner", "down", 10],
  ["in our key exchange", "up", 500],
  ["in the host's key exchange", "down", 700],
  ["in the host's key", "down", 1250],
  ["in our log-in", "up", 1150],
  ["in our signature", "up", 1250],
  ["in the host's word that we are in", "down", 1830],
];

/**
 * All points of a deploy's connections, as they were with one host. What goes up is as long each time; what comes
 * down varies by some tens of bytes, with how the host's words happen to be packed.
 */
export function pointsOf(mode: Mode, connections: readonly Passed[]): Point[] {
  const names = [...scripts[mode]];
  return connections.flatMap((passed, connection) => {
    const { bursts } = passed;
    const sent = bursts.filter(({ direction, from, to }) => direction === "up" && to - from > 5000);
    const first = names[0] ?? "?";
    const places: Place[] = sent.flatMap((script): Place[] => {
      const name = names.shift() ?? "?";
      const heard = bursts
        .slice(0, bursts.indexOf(script))
        .reduce((sum, { direction, from, to }) => sum + (direction === "down" ? to - from : 0), 0);
      return [
        [`${name} is asked for`, "up", script.from - 200],
        [`${name} begins to come`, "up", script.from + 1],
        [`${name} is on its way`, "up", Math.round((script.from + script.to) / 2)],
        [`${name}'s last bytes are on their way`, "up", script.to - 40],
        [`${name} is there`, "up", script.to],
        [`${name}'s first word`, "down", heard + 20],
        [`${name} works`, "down", heard + 60],
        [`${name} tells its result`, "down", heard + 200],
      ];
    });
    const of = (list: readonly Place[], isConnecting: boolean): Point[] =>
      list.map(([phase, direction, after]) => ({
        mode,
        connection,
        phase: isConnecting ? `${first}: ${phase}` : phase,
        connecting: isConnecting,
        direction,
        after,
      }));
    return [...of(connecting, true), ...of(places, false)];
  });
}

/**
 * The deploy that went well, with every kind of fault at every point of it; those of a kind one after the other, as a
 * silence takes its time to be noticed, and others that are tried beside it would wait.
 */
export function casesOf(mode: Mode, connections: readonly Passed[]): Case[] {
  const points = pointsOf(mode, connections);
  return kinds.flatMap((kind) => points.map((point) => ({ ...point, kind })));
}
