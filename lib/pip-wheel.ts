// A wheel of pip for hosts that have none: from this machine's Python, from Debian's packages, or from the index.

import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { Failure } from "./base/failure.js";
import { splitCredentials } from "./base/url.js";
import type { Access } from "./index/access.js";
import { projectFiles } from "./index/client.js";
import { download } from "./index/download.js";
import { readZipEntry } from "./package/zip-entry.js";
import type { Payload } from "./transport/contract.js";
import { sortedVersions, versionParts } from "./version/pep440.js";
import { allows } from "./version/specifier.js";

/** Where Debian's python3-pip-whl has its wheel. */
const debianWheels = "/usr/share/python-wheels";
const largestWheel = 64 * 1024 * 1024;

/** Folders of this machine in which a Python keeps a wheel of pip. */
async function folders(): Promise<string[]> {
  const script =
    'import os, sysconfig; print(sysconfig.get_config_var("WHEEL_PKG_DIR") or ""); print(os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled"))';
  const asked = promisify(execFile)("python3", ["-I", "-c", script]);
  const { stdout } = await asked.catch(() => ({ stdout: "" }));
  return [...stdout.split("\n").filter(Boolean), debianWheels];
}

const isWheel = (filename: string) => /^pip-.*-py3-none-any\.whl$/.test(filename);

/** The wheels of pip on this machine, in the order in which they are taken. */
async function wheelsHere(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of await folders()) {
    const names = await readdir(folder).catch(() => []);
    found.push(...names.filter(isWheel).map((name) => join(folder, name)));
  }
  return found;
}

/** True for a wheel that says that it is for this version of Python. */
async function isFor(path: string, python: string): Promise<boolean> {
  const metadata = await readZipEntry(path, (name) => /^pip-[^/]*\.dist-info\/METADATA$/.test(name)).catch(
    () => undefined,
  );
  if (!metadata) return false;
  const [, needed = ""] = /^Requires-Python:(.*)$/im.exec(metadata.toString("utf8")) ?? [];
  return allows(needed, python);
}

/** The newest pip that the index has for this version of Python; undefined where it has none. */
async function fromIndex(index: Access, python: string, signal: AbortSignal): Promise<Buffer | undefined> {
  const files = (await projectFiles(index, "pip", { signal })).filter(
    ({ yanked, filename }) => !yanked && isWheel(filename),
  );
  for (const version of (await sortedVersions(files.map((file) => file.version))).reverse()) {
    const file = files.find((one) => one.version === version);
    if (!file || (await versionParts(version))?.unfinished) continue;
    if (await allows(file.requiresPython ?? "", python)) return download(index, file, largestWheel, signal);
  }
  return undefined;
}

async function find(python: string, index: Access | undefined, signal: AbortSignal): Promise<Buffer> {
  for (const path of await wheelsHere()) if (await isFor(path, python)) return readFile(path);
  let trouble = "no index is configured";
  if (index) {
    const { url } = splitCredentials(index.url);
    try {
      const bytes = await fromIndex(index, python, signal);
      if (bytes) return bytes;
      trouble = `${url} has none`;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      trouble = error.message;
    }
  }
  throw new Failure(
    "no-pip",
    `the host has no pip for a virtualenv of Python ${python}, and there is none to send: neither this machine's python3 nor ${debianWheels} has one for it, and ${trouble}; install python3-venv on the host, or put pip on the index: es-fetch pip | es-upload`,
  );
}

/** Wheels of pip, each looked for once. */
export class PipWheels {
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Promise<Buffer>>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * A wheel of pip that runs on a host with this version of Python: one of this machine, otherwise the newest one of
   * the index, if there is an index. Throws Failure "no-pip" that says where it was looked for and how to go on.
   */
  async for(python: string, index: Access | undefined): Promise<Payload> {
    const key = `${python} ${index?.url}`;
    const known = this.#known.get(key) ?? find(python, index, this.#signal);
    this.#known.set(key, known);
    const wheel = await known;
    return { size: wheel.length, open: () => Readable.from([wheel], { objectMode: false }) };
  }
}
