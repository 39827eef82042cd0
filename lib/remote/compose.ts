// The loader of the scripts in lib/remote: a script with its prelude, its settings, its arguments and what it has in
// Python as one program of POSIX sh.

import { readFileSync } from "node:fs";
import { type Note, noteText } from "../base/note.js";
import { inPackage } from "../base/package-root.js";
import { quoteWord } from "../base/quote.js";
import { randomHex } from "../base/random.js";

// The scripts are not compiled.
const read = (file: string) => readFileSync(inPackage(`lib/remote/${file}`), "utf8");

const loaded = new Map<string, string>();
function load(name: string): string {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  // In a here-document a line @NAME.py@ stands for that file, so that each language is read and checked as what it is.
  const text = read(`${name}.sh`).replace(/^@([\w-]+\.py)@\n/gm, (_, file: string) => read(file));
  loaded.set(name, text);
  return text;
}

/** A script to be run on a host. */
export interface Script {
  /** Files of lib/remote without their ending; the last one is the step's own, those before it are functions. */
  parts: readonly string[];
  args: readonly string[];
  /** Bytes that follow the program, if any. */
  payloadSize?: number | undefined;
  /** A dry run. */
  plan: boolean;
  /** It is to run on its own, when nobody is at the other end any more. */
  alone?: true | undefined;
  /** For scripts that lock. */
  locks?: LockOwner | undefined;
  /** What the history is told of what it changes. */
  note?: Note | undefined;
}

/** For whom the lock of a virtualenv, or of an nginx, is taken. */
export interface LockOwner {
  /** The session that has the lock for all of its steps; undefined where each step locks for itself. */
  session: string | undefined;
  /** Who, from where and for what: what others are told. */
  owner: string;
  /** Seconds to wait for a lock that another has. */
  wait: number;
}

/** The parts that lock for somebody, who is named to others. */
const locking = ["state", "nginx-lock"];

/** What they must know. */
const lockSettings = (locks: LockOwner | undefined) => [
  `essay_owner=${quoteWord(locks?.owner ?? "-")}`,
  `essay_wait=${locks?.wait ?? 0}`,
];

/** The parts that may lock what others then wait for. */
export const holding = ["state", "hold", "git", "nginx-note"];

/** The program's text and the line with which it begins its output. */
export function compose(script: Script): { program: string; ready: string } {
  const ready = `essay-ready ${randomHex(8)}`;
  const settings = [
    `essay_ready=${quoteWord(ready)}`,
    `essay_payload=${script.payloadSize ?? "-"}`,
    `essay_plan=${script.plan ? 1 : 0}`,
    `essay_alone=${script.alone ? 1 : 0}`,
    `essay_holds=${holding.some((part) => script.parts.includes(part)) ? 1 : 0}`,
    ...(script.parts.includes("state") ? [`essay_session=${quoteWord(script.locks?.session ?? "-")}`] : []),
    ...(locking.some((part) => script.parts.includes(part)) ? lockSettings(script.locks) : []),
    `essay_history=${quoteWord(script.note ? noteText(script.note) : "")}`,
    `essay_history_folder=${quoteWord(script.note?.folder ?? "")}`,
    `set -- ${script.args.map(quoteWord).join(" ")}`,
  ];
  const program = [settings.join("\n"), load("history"), load("prelude"), ...script.parts.map(load)].join(
    "\n",
  );
  return { program: `${program}\n`, ready };
}
