// Finding and reading the configuration: essay.toml, or [tool.essay] of pyproject.toml, from the working
// directory upwards, with [env.NAME] laid over it.

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { didYouMean } from "../base/nearest.js";
import { parseToml } from "../base/toml.js";
import { lineOf } from "./locate.js";
import type { Configuration, Problem } from "./schema.js";

/** A configuration and where it came from. */
export interface Config {
  /** The file, absolute; undefined where there is none. */
  file: string | undefined;
  /** The folder to which its relative paths belong: that of the file, or the working directory. */
  directory: string;
  values: Configuration;
  /** `project.name` of the nearest pyproject.toml. */
  projectName: string | undefined;
}

/** What decides which configuration is read. */
export interface ConfigChoice {
  /** --config */
  configFile: string | undefined;
  /** --env */
  configEnv: string | undefined;
}

// At once: the system has such a file sooner than Node has loaded what reads it in the meantime.
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

async function parse(file: string, text: string): Promise<Record<string, unknown>> {
  const read = await parseToml(text);
  if ("document" in read) return read.document;
  throw new UsageError(`${file}:${read.line}: ${read.reason}`);
}

interface Found {
  file: string;
  text: string;
  /** What essay reads of it. */
  document: unknown;
  /** The keys under which the document stands in the text. */
  at: string[];
}

function essayPart(file: string, text: string, document: Record<string, unknown>): Found | undefined {
  if (!file.endsWith("pyproject.toml")) return { file, text, document, at: [] };
  const tool = document.tool;
  if (!isObject(tool) || !Object.hasOwn(tool, "essay")) return undefined;
  return { file, text, document: tool.essay, at: ["tool", "essay"] };
}

interface Document {
  folder: string;
  file: string;
  text: string;
  document: Record<string, unknown>;
}

/** The files of these names in the working directory and above it, the nearest folder first. */
async function* upwards(...names: string[]): AsyncGenerator<Document> {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    for (const name of names) {
      const file = join(folder, name);
      const text = readText(file);
      if (text !== undefined) yield { folder, file, text, document: await parse(file, text) };
    }
    if (dirname(folder) === folder) return;
  }
}

function nameIn(file: string, document: Record<string, unknown>): string | undefined {
  const { project } = document;
  const named = file.endsWith("pyproject.toml") && isObject(project) ? project.name : undefined;
  return typeof named === "string" ? named : undefined;
}

/** The nearest configuration, and the project's own name where it stands on the way there. */
async function search(): Promise<{ found: Found | undefined; projectName: string | undefined }> {
  let found: Found | undefined;
  let projectName: string | undefined;
  let folder: string | undefined;
  for await (const one of upwards("essay.toml", "pyproject.toml")) {
    if (found && one.folder !== folder) break;
    projectName ??= nameIn(one.file, one.document);
    found ??= essayPart(one.file, one.text, one.document);
    if (found) folder ??= one.folder;
  }
  return { found, projectName };
}

/** The configuration in a file that the user names, and the name of the project in which we are. */
async function named(name: string): Promise<{ found: Found; projectName: string | undefined }> {
  const file = resolve(name);
  const text = readText(file);
  if (text === undefined) throw new UsageError(`there is no configuration file ${file}`);
  const found = essayPart(file, text, await parse(file, text));
  if (!found) throw new UsageError(`${file} has no [tool.essay]`);
  for await (const one of upwards("pyproject.toml")) {
    const projectName = nameIn(one.file, one.document);
    if (projectName !== undefined) return { found, projectName };
  }
  return { found, projectName: undefined };
}

/** `over` laid over `under`: tables are merged, all else is replaced. */
function overlay(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over;
  const merged = Object.entries(over).map(([key, value]) => [
    key,
    Object.hasOwn(under, key) ? overlay(under[key], value) : value,
  ]);
  // Not by assignments: there, one key means the object's prototype.
  return { ...under, ...Object.fromEntries(merged) };
}

/** A problem as an error: `at` are the keys under which its path stands in the file. */
function wrong(found: Found, at: readonly string[], { path, message, known }: Problem): UsageError {
  const full = [...at, ...path];
  const line = lineOf(found.text, [...found.at, ...full]);
  const hint = didYouMean(full.at(-1) ?? "", known);
  const what = full.length > 0 ? full.join(".") : "the configuration";
  return new UsageError(`${found.file}:${line}: ${what} ${message}${hint}`);
}

/** The values of a configuration, with one of its environments laid over; every environment is checked. */
async function valuesOf(found: Found, environment: string | undefined): Promise<Configuration> {
  const { check } = await import("./schema.js");
  const { env = {}, ...rest } = isObject(found.document) ? found.document : {};
  const base = check(isObject(found.document) ? rest : found.document);
  if ("path" in base) throw wrong(found, [], base);
  if (!isObject(env)) throw wrong(found, ["env"], { path: [], message: "must be a table", known: [] });
  if (environment !== undefined && !Object.hasOwn(env, environment))
    throw new UsageError(
      `${found.file} has no [env.${environment}]${didYouMean(environment, Object.keys(env))}`,
    );
  let values = base;
  for (const [name, table] of Object.entries(env)) {
    const checked = check(overlay(rest, table));
    if ("path" in checked) throw wrong(found, ["env", name], checked);
    if (name === environment) values = checked;
  }
  return values;
}

/**
 * Reads the configuration: the file of --config, else of ESSAY_CONFIG, else the nearest one; the overlay of
 * --env, else ESSAY_ENV. Throws UsageError with file and line for what is wrong in it. No file at all is an
 * empty configuration.
 */
export async function loadConfig(choice: ConfigChoice): Promise<Config> {
  const file = choice.configFile ?? (process.env.ESSAY_CONFIG || undefined);
  const { found, projectName } = file === undefined ? await search() : await named(file);
  const environment = choice.configEnv ?? (process.env.ESSAY_ENV || undefined);
  if (found) {
    const values = await valuesOf(found, environment);
    return { file: found.file, directory: dirname(found.file), values, projectName };
  }
  if (environment !== undefined)
    throw new UsageError(`there is no configuration with a table [env.${environment}]`);
  return { file: undefined, directory: process.cwd(), values: {}, projectName };
}
