// Running pip in the virtualenv of a host.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { normaliseName } from "./base/distribution.js";
import { Failure } from "./base/failure.js";
import type { ReleaseFile } from "./base/schema.js";
import { ownFlags, type PipIndex } from "./index/pip.js";
import { absent, type Wanted } from "./pip-wanted.js";
import type { Results } from "./remote/results.js";
import type { Payload, Target, Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";

/** One change of a virtualenv. */
export interface PipChange {
  /** The path of the virtualenv on the host. */
  venv: string;
  verb: "install" | "upgrade" | "uninstall";
  /** What es-venv would have done before, in a dry run. */
  ahead: "made" | "mended" | undefined;
  wanted: Wanted;
  /** Where files come from; without it they go along: those of the release, as many as the host needs. */
  index: PipIndex | undefined;
  /** Without what the distributions need. */
  alone: boolean;
}

/** What pip has changed, or would, and what is there now. */
export interface PipOutcome {
  changes: readonly string[];
  /** What is yanked on the index, and was installed all the same. */
  yanked: readonly string[];
  /** The versions of what is wanted, by name. */
  installed: Record<string, string>;
}

/** The files one after the other. Throws Failure "file-changed" for one that is not as the release says. */
async function payloadOf(files: readonly ReleaseFile[]): Promise<Payload> {
  for (const { path, size } of files) {
    const there = await stat(path).catch((error: Error) => {
      throw new Failure("no-file", `cannot read ${path} of the release: ${error.message}`);
    });
    if (there.size !== size)
      throw new Failure(
        "file-changed",
        `${path} has ${there.size} bytes, the release says ${size}: build it again`,
      );
  }
  async function* bytes() {
    for (const { path } of files) yield* createReadStream(path);
  }
  return {
    size: files.reduce((sum, { size }) => sum + size, 0),
    open: () => Readable.from(bytes(), { objectMode: false }),
  };
}

/** The script with its arguments; `files` go along, undefined when there are none to send yet. */
async function scriptFor(change: PipChange, files: readonly ReleaseFile[] | undefined) {
  const { venv, verb, ahead, wanted, index, alone } = change;
  // A release that pip finds the dependencies of takes a second run, which has nothing else to do.
  const runs = alone && wanted.files ? wanted.runs.slice(0, 1) : wanted.runs;
  const source = index || verb === "uninstall" ? "-" : files ? "sent" : "ask";
  return {
    parts: ["state", "pip-look", "pip-mend", "pip-explain", "pip"],
    args: [
      venv,
      verb,
      ahead ?? "-",
      index?.netrc ?? "-",
      index?.proxy ?? "-",
      wanted.constraints ?? "-",
      source,
      alone ? "0" : "1",
      ...[wanted.looked, runs].map(({ length }) => String(length)),
      String(wanted.alone),
      String(files?.length ?? 0),
      ...wanted.looked.flatMap(({ project, version, text }) => [project, version ?? "-", text]),
      ...runs,
      ...(files ?? []).flatMap(({ filename, size, sha256 }) => [filename, String(size), sha256]),
      ...(index?.flags ?? [...ownFlags, ...(verb === "uninstall" ? [] : ["--no-cache-dir"])]),
      ...(alone ? ["--no-deps"] : []),
    ],
    ...(files && files.length > 0 && { payload: await payloadOf(files) }),
    code: "pip-failed",
  };
}

/** pip's "no such version" in words that name the index and what it has. */
function explained(error: unknown, { index, wanted }: PipChange): unknown {
  if (!(error instanceof Failure) || error.code !== "version-not-found") return error;
  const [requirement = "", versions = "none"] = error.message.split("\t");
  const named = requirement.replace(/[[=<>!~ ;(].*/, "");
  const what = requirement.replace(/===?/, " ");
  const ofRelease = wanted.files && wanted.looked.some(({ project }) => project === named);
  const told = ofRelease ? `file of the release that fits this host for ${what}` : what;
  const latest = versions === "none" ? undefined : versions.split(", ").at(-1);
  const message = index
    ? absent(told, index.url, latest, "pip finds none there for this Python").message
    : ofRelease
      ? `no ${told}`
      : `the release has no file of ${requirement.replace(/ \(from .*/, "")}, which is needed on this host: es-wheel --deps adds them`;
  return new Failure(error.code, message, error.details);
}

function outcomeOf(results: Results): PipOutcome {
  const lines = (results.get("installed") ?? "").split("\n").map((line) => line.split("\t"));
  return {
    changes: results.all("change"),
    yanked: results.all("yanked"),
    installed: Object.fromEntries(
      lines.flatMap(([name, version]) => (name && version ? [[name, version]] : [])),
    ),
  };
}

/** Has pip change a virtualenv, unless it is already as it should be. Throws Failure. */
export async function changeByPip(
  transport: Transport,
  target: Target,
  change: PipChange,
  task: Circumstances,
): Promise<PipOutcome> {
  try {
    const results = await runScript(transport, target, await scriptFor(change, undefined), task);
    const needed = new Set(results.all("needed").map(normaliseName));
    if (results.get("ready") === undefined) return outcomeOf(results);
    // Only now it is known which files the host lacks.
    const files = (change.wanted.files ?? []).filter(({ name }) => needed.has(normaliseName(name)));
    return outcomeOf(await runScript(transport, target, await scriptFor(change, files), task));
  } catch (error) {
    throw explained(error, change);
  }
}
