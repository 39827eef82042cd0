// Finding and reading the configuration: essay.toml, or [tool.essay] of pyproject.toml, from the working
// directory upwards, with [env.NAME] laid over it.

import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { didYouMean } from "../base/nearest.js";
import { lineOf } from "./locate.js";
import type { Configuration } from "./schema.js";

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

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

async function parse(file: string, text: string): Promise<Record<string, unknown>> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
    throw new UsageError(`${file}:${error.line}: ${reason}`);
  }
}

interface Found {
  file: string;
  text: string;
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

/** Walks from the working directory upwards, for the configuration and for the project's own name. */
async function search(): Promise<{ found: Found | undefined; projectName: string | undefined }> {
  let found: Found | undefined;
  let projectName: string | undefined;
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    for (const name of ["essay.toml", "pyproject.toml"]) {
      const file = join(folder, name);
      const text = await readText(file);
      if (text === undefined) continue;
      const document = await parse(file, text);
      if (
        name === "pyproject.toml" &&
        isObject(document.project) &&
        typeof document.project.name === "string"
      )
        projectName ??= document.project.name;
      found ??= essayPart(file, text, document);
    }
    if (found || dirname(folder) === folder) return { found, projectName };
  }
}

/** `over` laid over `under`: tables are merged, all else is replaced. */
function overlay(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over))
    merged[key] = Object.hasOwn(under, key) ? overlay(under[key], value) : value;
  return merged;
}

function withEnvironment(found: Found, name: string | undefined): unknown {
  if (!isObject(found.document)) return found.document;
  const { env, ...rest } = found.document;
  if (name === undefined) return rest;
  const tables = isObject(env) ? env : {};
  if (!Object.hasOwn(tables, name))
    throw new UsageError(`${found.file} has no [env.${name}]${didYouMean(name, Object.keys(tables))}`);
  return overlay(rest, tables[name]);
}

/**
 * Reads the configuration: the file of --config, else of ESSAY_CONFIG, else the nearest one; the overlay of --env, else ESSAY_ENV.
 * Throws UsageError with file and line for what is wrong in it. No file at all is an empty configuration.
 */
export async function loadConfig(choice: ConfigChoice): Promise<Config> {
  const searched = await search();
  let { found } = searched;
  const named = choice.configFile ?? (process.env.ESSAY_CONFIG || undefined);
  if (named !== undefined) {
    const file = resolve(named);
    const text = await readText(file);
    if (text === undefined) throw new UsageError(`there is no configuration file ${file}`);
    found = essayPart(file, text, await parse(file, text));
    if (!found) throw new UsageError(`${file} has no [tool.essay]`);
  }
  const environment = choice.configEnv ?? (process.env.ESSAY_ENV || undefined);
  const { projectName } = searched;
  if (!found) {
    if (environment !== undefined)
      throw new UsageError(`there is no configuration with a table [env.${environment}]`);
    return { file: undefined, directory: process.cwd(), values: {}, projectName };
  }
  const { check } = await import("./schema.js");
  const checked = check(withEnvironment(found, environment));
  if ("path" in checked) {
    const { path, message, known } = checked;
    const inBase = lineOf(found.text, [...found.at, ...path]);
    const inEnv =
      environment === undefined ? 1 : lineOf(found.text, [...found.at, "env", environment, ...path]);
    const hint = didYouMean(path.at(-1) ?? "", known);
    throw new UsageError(`${found.file}:${Math.max(inBase, inEnv)}: ${path.join(".")} ${message}${hint}`);
  }
  return { file: found.file, directory: dirname(found.file), values: checked, projectName };
}
