// The files of a project template, rendered, and putting them in place without ever overwriting one.

import { isUtf8 } from "node:buffer";
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { inPackage } from "../base/package-root.js";
import { unfinished } from "../base/unfinished.js";
import { renderTemplate } from "./render.js";

// The templates are read from the package's lib/, as they are not compiled.
const home = () => inPackage("lib/templates/");

// Their tags are <% name %>, since {{ name }} in those files belongs to es-supervisor, and ${name} to es-sdist.
const projectTags: [string, string] = ["<%", "%>"];

// Of a template that is somebody's project or repository, too.
const leftOut = new Set([".git", "__pycache__"]);

/** The names of all templates of ours. */
export function templateNames(): string[] {
  return readdirSync(home(), { withFileTypes: true })
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
  /** Bytes where it is no text (UTF-8), which is not rendered. */
  content: string | Buffer;
  executable: boolean;
  /** Belongs to the import package, or imports it. */
  code: boolean;
}

/** The folder of a template of ours. Throws UsageError for an unknown one. */
export function ownTemplate(name: string): string {
  const known = templateNames();
  if (known.includes(name)) return join(home(), name);
  throw new UsageError(
    `unknown template ${name}${didYouMean(name, known)} (known are ${known.join(", ")}, a folder by its path, such as ./${name}, and a git repository by its URL)`,
  );
}

/** The files below a folder, as paths from there; symbolic links are none. */
function filesBelow(folder: string, above = ""): string[] {
  return readdirSync(join(folder, above), { withFileTypes: true }).flatMap((entry) => {
    const path = join(above, entry.name);
    if (leftOut.has(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(folder, path) : entry.isFile() ? [path] : [];
  });
}

/**
 * The files of the template in a folder, sorted by path, but pyproject.toml is the last one: where it is, a project has
 * its code, and a run that was cut short must not leave that impression. In a template the import package's folder is called
 * `package`, and the leading dot of .gitignore may be left out (npm would not pack one). Throws Failure
 * "template-failed" for a text that cannot be rendered.
 */
export async function templateFiles(root: string, values: TemplateValues): Promise<TemplateFile[]> {
  const files: TemplateFile[] = [];
  for (const name of filesBelow(root)) {
    const source = join(root, name);
    const [top, ...rest] = name.split("/");
    const packaged = top === "package" && rest.length > 0;
    const front = packaged ? values.package : name === "gitignore" ? ".gitignore" : top;
    const bytes = readFileSync(source);
    const content = isUtf8(bytes)
      ? await renderTemplate(bytes.toString("utf8"), { ...values }, { source, tags: projectTags })
      : bytes;
    files.push({
      path: [front, ...rest].join("/"),
      content,
      executable: (statSync(source).mode & 0o100) !== 0,
      code: packaged || name.endsWith(".py"),
    });
  }
  const last = ({ path }: TemplateFile) => (path === "pyproject.toml" ? 1 : 0);
  return files.sort((a, b) => last(a) - last(b) || (a.path < b.path ? -1 : 1));
}

/**
 * Puts a new file in place, whole from the moment it is there, making its folders. Returns false, and
 * changes nothing, when there is anything of that name already.
 */
export function placeNew(path: string, content: string | Buffer, executable = false): boolean {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = unfinished(path);
  try {
    writeFileSync(fresh, content, { flag: "wx", mode: executable ? 0o777 : 0o666 });
    linkSync(fresh, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}
