// Wheels made of Debian's packages: what a package index of the lab offers, as there is no outside one. Made once for
// each version of those packages.

import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { madeOnce } from "./cache.js";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../../test/lab/wheels.py", import.meta.url));

/** By set, the packages that its wheels are of. */
const sets = {
  /** pip, setuptools, wheel, and supervisor. */
  usual: ["python3-pip-whl", "python3-setuptools-whl", "python3-wheel-whl", "supervisor"],
  /** Django with what it needs, and gunicorn, which also needs setuptools of the usual ones. */
  django: ["python3-django", "python3-asgiref", "python3-sqlparse", "python3-tz", "python3-gunicorn"],
  /** web.py with what it needs, and gunicorn. */
  webpy: [
    "python3-webpy",
    "python3-cheroot",
    "python3-jaraco.functools",
    "python3-more-itertools",
    "python3-gunicorn",
  ],
};
export type WheelSet = keyof typeof sets;

/** The directory that holds the wheels of a set. It is shared: look, do not write. */
export async function wheels(set: WheelSet = "usual"): Promise<string> {
  const { stdout } = await run("dpkg-query", ["--show", ...sets[set]]);
  const key = createHash("sha256").update(readFileSync(script)).update(stdout).digest("hex").slice(0, 16);
  return madeOnce(`${set}-${key}`, (directory) => {
    execFileSync("/usr/bin/python3", [script, set, directory]);
  });
}

/** Copies the wheels of a set into a directory, such as an index's. */
export async function copyWheels(directory: string, set: WheelSet = "usual"): Promise<void> {
  const from = await wheels(set);
  for (const file of readdirSync(from)) await cp(join(from, file), join(directory, file));
}
