// Building the wheel of an sdist with pip (PEP 517): in a private folder, in an environment of its own whose
// packages come from one index and nowhere else.

import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tail } from "../base/bytes.js";
import { normaliseName, parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import type { ReleaseFile } from "../base/schema.js";
import { detailsOf, startCommand } from "./command.js";
import { digestOf, keepFile } from "./output.js";

export interface WheelRequest {
  /** The sdist, as the record describes it. */
  sdist: ReleaseFile;
  /** RFC 3339; stands in the wheel for the time of its files, so that the same release gives the same wheel. */
  released: string | undefined;
  /** The folder for the file, absolute; made where it is not there. */
  out: string;
  /** The interpreter whose pip builds. */
  python: string;
  /** The flags of pip that name the index. Undefined: no isolation, build with what the interpreter has. */
  indexFlags: readonly string[] | undefined;
  /** The text of a .netrc for the index; a secret. */
  netrc: string | undefined;
  /** The proxy to the index, a secret where it has a password; undefined for that of the environment. */
  proxy: string | undefined;
  /** A file of certificate authorities. */
  ca: string | undefined;
  /** Whether a version as a wheel's file name spells it is the release's. */
  isVersion(text: string): Promise<boolean>;
}

export interface Progress {
  signal: AbortSignal;
  show?: ((text: string) => void) | undefined;
}

/** Failure "hash-mismatch" or "no-file" when a file is not, or no longer, what the record says. */
export async function checkFile(file: ReleaseFile): Promise<void> {
  const found = await digestOf(file.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new Failure("no-file", `${file.path}, which the record names, is not there`);
  });
  if (found.size === file.size && found.sha256 === file.sha256) return;
  throw new Failure(
    "hash-mismatch",
    `${file.path} is not the file that the record describes: it was changed after it was built`,
  );
}

async function pipEnvironment(folder: string, request: WheelRequest): Promise<NodeJS.ProcessEnv> {
  const { netrc, proxy, ca, released } = request;
  const foreign = /^(PIP_|PYTHONPATH$|PYTHONHOME$|__PYVENV_LAUNCHER__$)/;
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !foreign.test(name)),
  );
  // The flags do not reach the pip that pip itself starts for the build environment; these do.
  Object.assign(env, { PIP_CONFIG_FILE: "/dev/null", PIP_NO_INPUT: "1", PIP_NO_CACHE_DIR: "1" });
  if (proxy !== undefined) Object.assign(env, { http_proxy: proxy, https_proxy: proxy, no_proxy: "" });
  if (ca !== undefined) env.PIP_CERT = ca;
  env.TMPDIR = join(folder, "tmp");
  await mkdir(env.TMPDIR);
  const seconds = Date.parse(released ?? "") / 1000;
  if (Number.isFinite(seconds)) env.SOURCE_DATE_EPOCH ??= String(Math.floor(seconds));
  if (netrc === undefined) return env;
  env.NETRC = join(folder, "netrc");
  await writeFile(env.NETRC, netrc, { mode: 0o600 });
  return env;
}

/** The line of pip's output that tells most. */
function pipCause(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const telling = [
    /^ERROR: (?=No matching|Could not|Invalid|Directory)/,
    /^(?=\w+(Error|Exception): )/,
    /^ERROR: /,
  ];
  for (const shape of telling) {
    const line = lines.findLast((each) => shape.test(each));
    if (line) return line.replace(shape, "");
  }
  return lines.at(-1) ?? "it did not say why";
}

/** Runs pip in `folder` and gives the name of the one wheel that it made in `folder`/wheels. */
async function runPip(folder: string, request: WheelRequest, { signal, show }: Progress): Promise<string> {
  const { sdist, python, indexFlags } = request;
  const from = indexFlags ?? ["--isolated", "--no-input", "--no-index", "--no-build-isolation"];
  const wheels = join(folder, "wheels");
  const args = ["-m", "pip", "wheel", ...from, "--no-deps", "--wheel-dir", wheels, "--", sdist.path];
  const env = await pipEnvironment(folder, request);
  // python -m looks for modules in the working directory first: it is one without any.
  const pip = startCommand(python, args, { signal, show, cwd: folder, env, ownGroup: true });
  pip.stdin.end();
  const output = new Tail(4096);
  pip.stdout.on("data", (chunk: Buffer) => {
    output.push(chunk);
    show?.(chunk.toString());
  });
  const ran = await pip.ended;
  if (ran.exit !== 0) {
    if (/No module named pip\b/.test(ran.stderr))
      throw new Failure("no-pip", `${python} has no pip: install it, or name another with --python`);
    const why = pipCause(`${output}\n${ran.stderr}`);
    const sentence = `pip cannot build a wheel of ${sdist.filename}: ${why}`;
    throw new Failure("build-failed", sentence, detailsOf(ran));
  }
  const [made, ...more] = (await readdir(wheels)).filter((name) => name.endsWith(".whl"));
  if (made === undefined || more.length > 0)
    throw new Failure("build-failed", `pip made ${more.length + (made ? 1 : 0)} wheels, not one`);
  return made;
}

async function checkName(filename: string, request: WheelRequest): Promise<void> {
  const { sdist, isVersion } = request;
  const found = parseFilename(filename);
  if (!found || normaliseName(found.name) !== normaliseName(sdist.name))
    throw new Failure("wrong-project", `${sdist.filename} builds ${filename}, which is not of ${sdist.name}`);
  if (!(await isVersion(found.version)))
    throw new Failure(
      "wrong-version",
      `${sdist.filename} builds ${filename}, which is not of version ${sdist.version}: write \${version} where the project says its version`,
    );
}

/**
 * Builds the wheel of an sdist into `out`, where it appears only when it is whole and of the right name and
 * version. Throws Failure "hash-mismatch", "no-file", "no-program", "no-pip", "build-failed", "wrong-project" or
 * "wrong-version".
 */
export async function buildWheel(
  request: WheelRequest,
  progress: Progress,
): Promise<{ file: ReleaseFile; changed: boolean }> {
  const { sdist, out } = request;
  await checkFile(sdist);
  const folder = await mkdtemp(join(tmpdir(), "essay-wheel-"));
  try {
    const filename = await runPip(folder, request, progress);
    await checkName(filename, request);
    const kept = await keepFile(out, filename, async (temporary) => {
      await copyFile(join(folder, "wheels", filename), temporary);
      return digestOf(temporary);
    });
    const { path, size, sha256, changed } = kept;
    const { name, version } = sdist;
    return { file: { path, filename, kind: "wheel", name, version, size, sha256 }, changed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
