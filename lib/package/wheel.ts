// Building the wheel of an sdist with pip (PEP 517), and with it, where that is wanted, the wheels of all that it
// depends on: in an environment of its own whose packages come from one index and nowhere else.

import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../base/digest.js";
import { normaliseName, parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { inPrivateFolder } from "../base/private-folder.js";
import type { ReleaseFile } from "../base/schema.js";
import { type Described, describeFile, type NormalVersion } from "./described.js";
import { keepFile } from "./output.js";
import {
  epochOf,
  type PipJob,
  type PipSource,
  type Progress,
  pipCause,
  pipFailure,
  type RunPip,
} from "./pip.js";

export interface WheelRequest {
  /** The sdist, as the record describes it. */
  sdist: ReleaseFile;
  /** Its wheel, where that is there already: then only what it depends on is built. */
  wheel: ReleaseFile | undefined;
  /** RFC 3339; stands in the wheel for the time of its files, so that the same release gives the same wheel. */
  released: string | undefined;
  /** The folder for the files, absolute; made where it is not there. */
  out: string;
  /** The interpreter whose pip builds. */
  python: string;
  source: PipSource;
  /** Build in an environment of its own; otherwise with what the interpreter has. */
  isolated: boolean;
  /** The wheels of all dependencies, too; these lines of a constraints file say which versions some of them have. */
  closure: { constraints: readonly string[] } | undefined;
  normalVersion: NormalVersion;
  /** Hears of a project of which pip has found no version; throws Failure where it knows a reason. */
  explain(missing: string): Promise<void>;
}

/** A file that was built; `changed` is false where the same bytes were there before. */
export interface Built {
  file: ReleaseFile;
  changed: boolean;
}

/** Failure "file-changed" or "no-file" when a file is not, or no longer, what the record says. */
export async function checkFile(file: ReleaseFile): Promise<void> {
  const found = await digestOf(file.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new Failure("no-file", `${file.path}, which the record names, is not there`);
  });
  if (found.size === file.size && found.sha256 === file.sha256) return;
  throw new Failure(
    "file-changed",
    `${file.path} is not the file that the record describes: it was changed after it was built`,
  );
}

function jobOf(request: WheelRequest): PipJob {
  const { sdist, wheel, released, python, source, isolated, closure } = request;
  const file = closure && wheel ? wheel : sdist;
  const constraints = closure?.constraints.map((line) => `${line}\n`) ?? [];
  return {
    python,
    command: "wheel",
    source,
    args: [
      ...(isolated ? [] : ["--no-build-isolation"]),
      ...(closure ? [] : ["--no-deps"]),
      ...(constraints.length > 0 ? ["--constraint", "constraints.txt"] : []),
      "--wheel-dir",
      "files",
      "--",
      `./${file.filename}`,
    ],
    ...(constraints.length > 0 && { texts: { "constraints.txt": constraints.join("") } }),
    file,
    epoch: epochOf(released),
  };
}

/** The one wheel of the project among those that pip made, checked. */
async function ownWheel(names: readonly string[], request: WheelRequest): Promise<string> {
  const { sdist, closure, normalVersion } = request;
  const isOwn = (name: string) =>
    normaliseName(parseFilename(name)?.name ?? "") === normaliseName(sdist.name);
  const own = names.filter(isOwn);
  const [filename] = own.length > 0 || closure ? own : names;
  if (filename === undefined || own.length > 1 || (!closure && names.length > 1))
    throw new Failure(
      "build-failed",
      `pip made ${names.length} wheels, ${own.length} of them of ${sdist.name}`,
    );
  if (own.length === 0)
    throw new Failure("wrong-project", `${sdist.filename} builds ${filename}, which is not of ${sdist.name}`);
  const version = parseFilename(filename)?.version ?? "";
  if ((await normalVersion(version)) !== (await normalVersion(sdist.version)))
    throw new Failure(
      "wrong-version",
      `${sdist.filename} builds ${filename}, which is not of version ${sdist.version}: write \${version} where the project says its version`,
    );
  return filename;
}

/** Puts a file of a folder into the folder `out`, under its own name when it is whole. */
export async function keepDescribed(folder: string, out: string, described: Described): Promise<Built> {
  const { filename, kind, name, version } = described;
  const kept = await keepFile(out, filename, async (temporary) => {
    await copyFile(join(folder, filename), temporary);
    return digestOf(temporary);
  });
  const { path, size, sha256, changed } = kept;
  return { file: { path, filename, kind, name, version, size, sha256 }, changed };
}

/**
 * Builds the wheel of an sdist into `out`, and the wheels of its dependencies where that is asked for; files appear
 * there when all are whole and of the right names and versions. The project's own wheel comes first. Throws Failure
 * "file-changed", "no-file", "build-failed", "wrong-project", "wrong-version", and those of `run`, `explain`,
 * `pipFailure` and `describeFile`.
 */
export async function buildWheels(request: WheelRequest, run: RunPip, progress: Progress): Promise<Built[]> {
  const { sdist, out, normalVersion } = request;
  await checkFile(sdist);
  return inPrivateFolder(async (folder) => {
    const ended = await run(jobOf(request), folder, progress);
    const { missing } = ended.ok ? {} : pipCause(ended.log);
    if (missing !== undefined) await request.explain(missing);
    if (!ended.ok) throw pipFailure(ended, `build a wheel of ${sdist.filename}`, "build-failed");
    const names = (await readdir(folder)).filter((name) => name.endsWith(".whl"));
    const own = await ownWheel(names, request);
    const { name, version } = sdist;
    const described: Described[] = [{ filename: own, kind: "wheel", name, version }];
    for (const filename of names)
      if (filename !== own) described.push(await describeFile(folder, filename, normalVersion));
    const built: Built[] = [];
    for (const each of described) built.push(await keepDescribed(folder, out, each));
    return built;
  });
}
