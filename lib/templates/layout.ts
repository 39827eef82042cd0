// The files of a project template, rendered, and putting them in place without ever overwriting one.

import { linkSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { inPackage } from "../base/package-root.js";
import { renderTemplate } from "./render.js";

// The templates are read from the package's lib/, as they are not compiled.
const home = inPackage("lib/templates/");

// Their tags are <% name %>, since {{ name }} in those files belongs to es-supervisor, and ${name} to es-sdist.
const projectTags: [string, string] = ["<%", "%>"];

/** The names of all templates. */
export function templateNames(): string[] {
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** What is filled into a template. */
export interface TemplateValues {
  /** Name of the distribution and of its program. */
  project: string;
  /** Name of the import package. */
  package: string;
}

export interface TemplateFile {
  /** Relative to the project, with `/`. */
  path: string;
  text: string;
  /** Belongs to the import package, or imports it. */
  code: boolean;
}

/**
 * The files of a template, sorted by path. In a template the import package's folder is called `package`,
 * and a leading dot is left out (npm would not pack a .gitignore). Throws UsageError for an unknown template.
 */
export async function templateFiles(template: string, values: TemplateValues): Promise<TemplateFile[]> {
  const known = templateNames();
  if (!known.includes(template))
    throw new UsageError(
      `unknown template ${template}${didYouMean(template, known)} (known are ${known.join(", ")})`,
    );
  const root = join(home, template);
  const files: TemplateFile[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const [top, ...rest] = source.slice(root.length + 1).split("/");
    const packaged = top === "package";
    const code = packaged || source.endsWith(".py");
    const front = packaged ? values.package : top === "gitignore" ? ".gitignore" : top;
    const text = await renderTemplate(
      readFileSync(source, "utf8"),
      { ...values },
      { source, tags: projectTags },
    );
    files.push({ path: [front, ...rest].join("/"), text, code });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Puts a new file in place, whole from the moment it is there, making its folders. Returns false, and
 * changes nothing, when there is anything of that name already.
 */
export function placeNew(path: string, text: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.essay-${process.pid}`;
  writeFileSync(fresh, text, { flag: "wx" });
  try {
    linkSync(fresh, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(fresh);
  }
}
