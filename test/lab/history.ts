// The lines of a history, as they stand in its file.

import { readFileSync } from "node:fs";
import { recordsOf } from "./program.js";

export function historyIn(file: string) {
  return recordsOf(readFileSync(file, "utf8"));
}
