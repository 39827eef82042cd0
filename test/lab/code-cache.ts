// Writes down, beside a program, what V8 has compiled of it while it said how it is used and did what it usually does, as
// far as that goes without any host: the session that it is to reach them by is not there. See bundle.ts.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parse } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/** Typical arguments of the programs that can be run like this. */
const typical: Record<string, readonly string[]> = {
  es: ["--print", "deploy", "-R", "web", "1.0", "a"],
  "es-check": [],
  "es-conf": [],
  "es-gate": [],
  "es-hosts": ["web"],
  "es-live": [],
  "es-nginx": ["test"],
  "es-nginx-switch": ["--to", "a"],
  "es-nothing": [],
  "es-pick": ["--ok"],
  "es-pip": ["demo==1.0"],
  "es-report": ["--markdown"],
  "es-roll": ["1", "--", "cat"],
  "es-run": ["--", "true"],
  "es-status": ["a", "--ready"],
  "es-supervisor": ["status", "a"],
  "es-venv": ["a"],
};

const [node = "", , file = ""] = process.argv;
const program = new Script(readFileSync(file, "utf8"), { filename: file });

function start(...args: string[]): void {
  process.argv = [node, file, ...args];
  program.runInThisContext()(createRequire(file), file, (name: string) => import(name));
}

process.on("exit", () => {
  // V8 takes back only what it has compiled with the same flags: keepHeapSmall has set this one, whose default is 2.
  setFlagsFromString("--semi-space-growth-factor=2");
  writeFileSync(`${file}.${process.arch}`, program.createCachedData());
  // However the program ended: it has no host to work on.
  process.exitCode = 0;
});
start("--help");
const args = typical[parse(file).name];
if (args) {
  await pause(0); // it reads its arguments at once
  process.exitCode = undefined;
  start(...args);
}
