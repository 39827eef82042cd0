// Loaded into one of our programs before anything else (node --import): counts what the program does to files and the
// processes that it starts, one after the other, and has it meet something at one of them. What it starts is left alone.

import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** What happens at an act. `killed in the middle`: half of what it writes is written. */
export const mishaps = ["killed before", "killed in the middle", "killed after", "disk full"] as const;
export type Mishap = (typeof mishaps)[number];

/** The environment by which the program is told; each act is appended to the file `log` as a line. */
export interface Told {
  FAULT_LOG: string;
  FAULT_AT: string;
  FAULT_KIND: Mishap;
}

const { FAULT_LOG: log = "/dev/null", FAULT_AT, FAULT_KIND: kind } = process.env;
for (const name of ["FAULT_LOG", "FAULT_AT", "FAULT_KIND", "NODE_OPTIONS"]) delete process.env[name];
const at = Number(FAULT_AT);
const noted = fs.openSync(log, "a");
let acts = 0;
/** While one is under way that does others: these are no acts of the program. */
let within = false;

// biome-ignore lint/suspicious/noExplicitAny: functions of every kind
type Any = any;

const die = () => process.kill(process.pid, "SIGKILL");

/** Which acts need room on a disk, and which write text, by the place of the text among their arguments. */
const needsRoom = /^(write|append|copy|mk|open)/;
const textAt: Record<string, number> = { writeFile: 1, writeFileSync: 1, appendFile: 1, appendFileSync: 1 };

/** Only those that change something. */
function isAct(name: string, [path, flags]: readonly Any[]): boolean {
  if (String(path).startsWith("/dev/")) return false;
  if (name !== "open" && name !== "openSync") return true;
  return typeof flags === "number" ? (flags & 3) !== 0 : /[wa+]/.test(flags ?? "r");
}

/** The arguments with half of the text. */
function halved(args: readonly Any[], place: number): Any[] {
  const bytes = Buffer.from(args[place]);
  return args.map((arg, index) => (index === place ? bytes.subarray(0, bytes.length >> 1) : arg));
}

/** Counts an act; true when its turn has come. */
function isTurn(name: string, args: readonly Any[]): boolean {
  acts++;
  fs.writeSync(noted, `${name} ${typeof args[0] === "string" ? args[0] : ""}\n`);
  return acts === at;
}

const isFull = (name: string) => kind === "disk full" && acts >= at && at > 0 && needsRoom.test(name);

const noSpace = (name: string) =>
  Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: "ENOSPC", errno: -28 });

function wrap(owner: Any, name: string, shown = name, place = textAt[name]): void {
  const original = owner[name];
  owner[name] = function (this: Any, ...args: Any[]) {
    if (within || !isAct(name, args)) return original.apply(this, args);
    const turn = isTurn(shown, args);
    if (turn && kind === "killed before") die();
    if (isFull(name)) {
      if (name.endsWith("Sync")) throw noSpace(name);
      return Promise.reject(noSpace(name));
    }
    const half = turn && kind === "killed in the middle";
    within = true;
    let result: Any;
    try {
      result = original.apply(this, half && place !== undefined ? halved(args, place) : args);
    } finally {
      within = false;
    }
    if (!turn || kind === "disk full") return result;
    if (typeof result?.then === "function") return result.then(die, die);
    die();
    return result;
  };
}

const promised = "appendFile chmod chown copyFile link mkdir mkdtemp open rename rm symlink unlink writeFile";
for (const name of promised.split(" ")) wrap(fs.promises, name);
for (const name of "appendFile link mkdir mkdtemp open rename rm symlink unlink writeFile".split(" "))
  wrap(fs, `${name}Sync`);
const handle = await fs.promises.open("/dev/null");
const { prototype } = handle.constructor;
await handle.close();
for (const name of ["write", "writeFile", "appendFile"]) wrap(prototype, name, `handle.${name}`, 0);
wrap(childProcess, "spawn");
syncBuiltinESMExports();
