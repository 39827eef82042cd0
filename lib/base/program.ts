// Finding programs: this package's own, whether or not PATH leads to them, and all others by PATH.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inPackage } from "./package-root.js";

const bins = inPackage("dist/bins/");

/** A program as the system is to start it: the file, and what comes before its arguments. */
export function commandOf(program: string): [file: string, first: string[]] {
  const ours = join(bins, `${program}.js`);
  return /^es(-[a-z-]+)?$/.test(program) && existsSync(ours) ? [process.execPath, [ours]] : [program, []];
}

/** The executables of this package. */
export function ourPrograms(): string[] {
  return readdirSync(bins).flatMap((file) => (file.endsWith(".js") ? [file.slice(0, -3)] : []));
}

/** True for an executable of this package. */
export function isOurs(program: string): boolean {
  return commandOf(program)[1].length > 0;
}

/** True for a program that PATH leads to. */
export function isInPath(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}
