// Where this package is: its scripts, templates and executables are found from there, also by a program whose
// modules the build has put into one file.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

function findRoot(): URL {
  let folder = new URL("./", import.meta.url);
  while (!existsSync(new URL("package.json", folder))) folder = new URL("../", folder);
  return folder;
}

let root: URL | undefined;

/** The path of a file or folder of the package, such as "lib/remote/". */
export function inPackage(path: string): string {
  root ??= findRoot();
  return fileURLToPath(new URL(path, root));
}
