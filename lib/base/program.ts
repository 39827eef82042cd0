// Finding programs: this package's own, whether or not PATH leads to them, and all others by PATH.

import { existsSync, readdirSync } from "node:fs";
import { join, parse } from "node:path";
import { inPackage } from "./package-root.js";

const bins = () => inPackage("dist/bins/");

/** How the file of an executable may end: as the compiler leaves it, until the build has made one file of all. */
const endings = [".js", ".cjs"];

/** The file of an executable of this package; undefined where there is none of this name. */
export function fileOf(program: string): string | undefined {
  if (!/^es(-[a-z-]+)?$/.test(program)) return undefined;
  return endings.map((ending) => join(bins(), program + ending)).find((file) => existsSync(file));
}

/** A program as the system is to start it: the file, and what comes before its arguments. */
export function commandOf(program: string): [file: string, first: string[]] {
  const ours = fileOf(program);
  return ours === undefined ? [program, []] : [process.execPath, [ours]];
}

/** The executables of this package. */
export function ourPrograms(): string[] {
  return [...new Set(readdirSync(bins()).map((file) => parse(file).name))];
}

/** True for an executable of this package. */
export function isOurs(program: string): boolean {
  return commandOf(program)[1].length > 0;
}

/** True for a program that PATH leads to. */
export function isInPath(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}
