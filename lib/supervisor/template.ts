// The template of supervisord.conf: a project's own, otherwise the one that es-init gives to new projects.

import { readFile } from "node:fs/promises";
import { UsageError } from "../base/failure.js";
import { inPackage } from "../base/package-root.js";

const usual = inPackage("lib/templates/default/conf/supervisord.conf");

export interface Template {
  /** What it is called in errors. */
  source: string;
  text: string;
}

/** Reads a template. Throws UsageError for a file that cannot be read. */
export async function readTemplate(file: string | undefined): Promise<Template> {
  try {
    return { source: file ?? "built-in template", text: await readFile(file ?? usual, "utf8") };
  } catch (error) {
    throw new UsageError(`cannot read the template ${file ?? usual}: ${(error as Error).message}`);
  }
}
