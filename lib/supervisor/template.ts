// The template of supervisord.conf: a project's own, otherwise the one that es-init gives to new projects.

import { readFileSync } from "node:fs";
import { UsageError } from "../base/failure.js";
import { inPackage } from "../base/package-root.js";

export interface Template {
  /** What it is called in errors. */
  source: string;
  text: string;
}

/** Reads a template. Throws UsageError for a file that cannot be read. */
export function readTemplate(file: string | undefined): Template {
  const path = file ?? inPackage("lib/templates/default/conf/supervisord.conf");
  try {
    return { source: file ?? "built-in template", text: readFileSync(path, "utf8") };
  } catch (error) {
    throw new UsageError(`cannot read the template ${path}: ${(error as Error).message}`);
  }
}
