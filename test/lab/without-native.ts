// ssh2 without its native part, as `npm install --ignore-scripts` leaves it.

import { writeFileSync } from "node:fs";

/**
 * Writes to a file what makes Node find no native part of any package, and returns the environment with which
 * programs do so. The native parts that were asked for are written to `asked`, a line each, where that is wanted.
 */
export function withoutNative(file: string, asked = "/dev/null"): { NODE_OPTIONS: string } {
  writeFileSync(
    file,
    `require("node:module")._extensions[".node"] = (_, file) => {
       require("node:fs").appendFileSync(${JSON.stringify(asked)}, file + "\\n");
       throw new Error("no native part");
     };`,
  );
  return { NODE_OPTIONS: `--require ${file}` };
}
