// What a terminal showed, and when: in the form of asciicast, version 2, which other programs know, too.

import type { Run } from "../lab/screen.js";
import { Screen } from "../lab/screen.js";

export interface Recording {
  columns: number;
  rows: number;
  /** What was written, and at which second. */
  parts: readonly (readonly [seconds: number, text: string])[];
}

/** A screen as it was from a second on. */
export interface Frame {
  seconds: number;
  lines: Run[][];
}

export function written({ columns, rows, parts }: Recording): string {
  const lines = [{ version: 2, width: columns, height: rows }, ...parts.map(([at, text]) => [at, "o", text])];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

export function recordingIn(text: string): Recording {
  const [head, ...events] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { columns: head.width, rows: head.height, parts: events.map(([at, , text]) => [at, text]) };
}

/** Seconds: what is gone again sooner, nobody has seen. */
const shortest = 0.1;

/** The screens that differ, each as it was when the cursor was shown: in between, something is being drawn. */
export function framesOf({ columns, rows, parts }: Recording): Frame[] {
  const screen = new Screen(columns, rows);
  const frames: Frame[] = [];
  let rest = "";
  for (const [seconds, text] of parts) {
    rest += text;
    // A part may end within an escape sequence.
    const start = rest.lastIndexOf("\x1b");
    const end = start >= 0 && !/[A-Za-z]/.test(rest.slice(start)) ? start : rest.length;
    screen.feed(rest.slice(0, end));
    rest = rest.slice(end);
    if (!screen.cursorIsShown) continue;
    const all = screen.colouredLines;
    const lines = all.slice(0, all.findLastIndex((runs) => runs.length > 0) + 1);
    const last = frames.at(-1);
    if (JSON.stringify(lines) === JSON.stringify(last?.lines)) continue;
    if (last && seconds - last.seconds < shortest) last.lines = lines;
    else frames.push({ seconds, lines });
  }
  return frames;
}
