// A requirements file, as pip knows it: what is wanted. From where is said elsewhere, so lines that name an index, a
// path or a URL are refused.

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { UsageError } from "../base/failure.js";

/** The lines of a requirements file and of those that it includes. */
export interface RequirementLines {
  /** Requirements, and flags such as --pre that say which files will do. */
  lines: string[];
  /** Lines of constraints files. */
  constraints: string[];
  /** The names of the projects that are asked for on every platform: those of lines without a marker. */
  projects: string[];
}

const requirement =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[A-Za-z0-9._, -]*\])?\s*(\(?(===?|~=|!=|<=|>=|<|>)[A-Za-z0-9.!+_*, =<>~-]+\)?)?\s*(;[^\n]*?)?(\s+--hash[= ]\S+)*$/;
const choice = /^--(pre|prefer-binary|require-hashes|(no|only)-binary[= ]\s*[A-Za-z0-9:._, -]+)$/;
const inclusion = /^(-r|--requirement|-c|--constraint)[=\s]*(\S.*)$/;

/** Lines with their numbers: a backslash at the end goes on in the next one, a # begins a comment. */
function numbered(text: string): { line: string; number: number }[] {
  const all: { line: string; number: number }[] = [];
  let begun: { line: string; number: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    begun ??= { line: "", number: index + 1 };
    begun.line += raw.replace(/\\$/, " ");
    if (raw.endsWith("\\")) continue;
    const line = begun.line.replace(/(^|\s)#.*$/, "").trim();
    if (line !== "") all.push({ line, number: begun.number });
    begun = undefined;
  }
  return all;
}

async function readInto(found: RequirementLines, path: string, limits: boolean, way: readonly string[]) {
  if (way.includes(path)) throw new UsageError(`${path} includes itself`);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new UsageError(`cannot read ${path}: ${error.message}`);
  });
  for (const { line, number } of numbered(text.replace(/^\uFEFF/, ""))) {
    const [, kind = "", other = ""] = inclusion.exec(line) ?? [];
    if (kind !== "") {
      await readInto(found, resolve(dirname(path), other), limits || /c/.test(kind.replace(/^-+r.*/, "")), [
        ...way,
        path,
      ]);
      continue;
    }
    // Between its parts may be any space; tried everywhere, a long one would take for ever.
    const [, project, , , , marker] = requirement.exec(line.replace(/\s+/g, " ")) ?? [];
    if (project === undefined && !choice.test(line))
      throw new UsageError(
        `${path}, line ${number}: ${JSON.stringify(line)} is neither a requirement NAME==VERSION nor an option that says which files will do; the index they come from is not named here`,
      );
    (limits ? found.constraints : found.lines).push(line);
    if (project !== undefined && marker === undefined && !limits) found.projects.push(project);
  }
}

/** Reads a requirements file. Throws UsageError that names file and line. */
export async function readRequirements(file: string): Promise<RequirementLines> {
  const found: RequirementLines = { lines: [], constraints: [], projects: [] };
  await readInto(found, resolve(file), false, []);
  return found;
}
