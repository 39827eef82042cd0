// What a directory has already, of that which a template would add under the same or another name.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { UsageError } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { parseToml } from "../base/toml.js";
import type { TemplateFile } from "./layout.js";

export interface Survey {
  /** `project.name` of pyproject.toml, or else the directory's own name. */
  project: string;
  /** The file that says how the project is packaged, if it is. */
  packaging: string | undefined;
  /** pyproject.toml has [tool.essay]. */
  configured: boolean;
  /** Its README, however it is written. */
  readme: string | undefined;
}

async function readPyproject(directory: string): Promise<Record<string, unknown>> {
  const file = join(directory, "pyproject.toml");
  const text = readFileSync(file, "utf8");
  const read = await parseToml(text);
  if ("document" in read) return read.document;
  throw new UsageError(`${file}:${read.line}: ${read.reason}`);
}

/** Looks at a directory. Throws UsageError when its pyproject.toml cannot be read. */
export async function survey(directory: string): Promise<Survey> {
  const names = readdirSync(directory);
  const pyproject = names.includes("pyproject.toml") ? await readPyproject(directory) : {};
  const { project, tool } = pyproject;
  const own = isObject(project) && typeof project.name === "string" ? project.name : undefined;
  const packaged = isObject(project) || Object.hasOwn(pyproject, "build-system");
  return {
    project: own ?? basename(directory),
    packaging: packaged ? "pyproject.toml" : ["setup.py", "setup.cfg"].find((name) => names.includes(name)),
    configured: isObject(tool) && Object.hasOwn(tool, "essay"),
    readme: names.find((name) => /^readme(\.|$)/i.test(name)),
  };
}

/** Why a template's file has no place in the project, though there is none of its name; else undefined. */
export function superfluous(
  file: Pick<TemplateFile, "path" | "code">,
  { packaging, configured, readme }: Survey,
): string | undefined {
  if (packaging && (file.code || file.path === "pyproject.toml")) return `${packaging} packages the project`;
  if (configured && file.path === "essay.toml") return "pyproject.toml has [tool.essay]";
  if (readme && file.path === "README.md") return `there is ${readme}`;
  return undefined;
}
