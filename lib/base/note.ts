// A line of the history: who changed what on a host, from where, and how it came out. The host's script completes it.

import type { JsonObject } from "./json.js";

/** What is known of a change before it is made, and who wants to know of it afterwards. */
export interface Note {
  /** Members of the line: at, user, from, host, step, args, project, version, ... */
  fields: JsonObject;
  /** Where the log is on the host, for scripts that lock no virtualenv; it may begin with ~. */
  folder: string;
  /** Takes the complete line. */
  keep(line: string): void;
  /** Is told that the host could not keep the line, and why. */
  lost(reason: string): void;
}

/** A text of the line has so many bytes at most; its list of arguments, too. */
const longestText = 200;
const longestList = 1500;

/** JSON in ASCII, so that no cut in the middle of a character makes a line invalid. */
function ascii(value: JsonObject | string): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function short(text: string): string {
  let kept = text.slice(0, longestText);
  while (ascii(kept).length > longestText) kept = kept.slice(0, kept.length * 0.9);
  return kept === text ? text : `${kept}...`;
}

function shortList(words: readonly string[]): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const word of words.map(short)) {
    length += ascii(word).length;
    if (length > longestList) return [...kept, "..."];
    kept.push(word);
  }
  return kept;
}

function bounded(fields: JsonObject): JsonObject {
  const entries = Object.entries(fields).map(([name, value]) => {
    if (Array.isArray(value)) return [name, shortList(value.map(String))];
    return [name, typeof value === "string" ? short(value) : value];
  });
  return Object.fromEntries(entries);
}

/** The line as far as it is known, bounded, without its last brace. */
export function noteText({ fields }: Note): string {
  return ascii(bounded(fields)).slice(0, -1);
}

/** The whole line, for a script that could not say how it ended. */
export function finishedLine(note: Note, changes: readonly string[], code: string): string {
  return JSON.stringify({ ...bounded(note.fields), changes: shortList(changes), outcome: "failed", code });
}

/** The circumstances of a change of which more has become known. */
export function noting<T extends { note?: Note | undefined }>(
  task: T,
  more: { [name: string]: string | undefined },
): T {
  if (!task.note) return task;
  const known = Object.entries(more).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...task, note: { ...task.note, fields: { ...task.note.fields, ...Object.fromEntries(known) } } };
}
