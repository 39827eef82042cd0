// One run of pip that makes files, and what its output says of a failure.

import { Failure, type FailureDetails } from "../base/failure.js";
import { showCommand } from "../base/quote.js";
import type { ReleaseFile } from "../base/schema.js";

/** How pip gets at an index; lib/index/pip.ts says what each means. */
export interface PipSource {
  flags: readonly string[];
  netrc: string | undefined;
  proxy: string | undefined;
  ca: string | undefined;
}

/** pip asks no index. */
export const noSource: PipSource = {
  flags: ["--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-index"],
  netrc: undefined,
  proxy: undefined,
  ca: undefined,
};

/** One run of pip, in a private folder, apart from all that the machine says of pip. */
export interface PipJob {
  /** The interpreter whose pip runs. */
  python: string;
  /** pip's command, such as "wheel". */
  command: string;
  source: PipSource;
  /** What else pip is told; paths are relative to the folder. What it makes, it puts into `files` there. */
  args: readonly string[];
  /** Small files of the folder, by their names. */
  texts?: Readonly<Record<string, string>>;
  /** A file that pip works on; it is in the folder under its own name. */
  file?: ReleaseFile;
  /** Seconds since 1970 that a build takes for the present moment. */
  epoch?: number | undefined;
}

/** How a run of pip ended; `log` is the end of all that it wrote. */
export interface PipEnd {
  ok: boolean;
  /** The name of the machine, where it is another one. */
  where: string | undefined;
  log: string;
  details: FailureDetails;
}

export interface Progress {
  signal: AbortSignal;
  show?: ((text: string) => void) | undefined;
}

/**
 * Runs a job and puts what it made into the folder `into`, which is there. Throws Failure "no-program", "no-pip"
 * and those of a transport.
 */
export type RunPip = (job: PipJob, into: string, progress: Progress) => Promise<PipEnd>;

/** What a build takes for the present moment: SOURCE_DATE_EPOCH, otherwise when the version was given (RFC 3339). */
export function epochOf(released: string | undefined): number | undefined {
  const seconds = Number(process.env.SOURCE_DATE_EPOCH || Date.parse(released ?? "") / 1000);
  return Number.isFinite(seconds) ? Math.floor(seconds) : undefined;
}

/** A cause, with its code of es-record(5); without one it is the caller's to say what kind of failure it is. */
export interface Cause {
  code?: string;
  why: string;
  /** A project of which pip has found no version. */
  missing?: string;
}

/** The name of the file that a URL, or a path, leads to. */
function nameIn(address: string): string {
  const last = address.replace(/[#?].*/s, "").replace(/.*\//s, "");
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

const projectOf = /^[A-Za-z0-9._-]+/;

/** The last of the versions that pip lists, in brackets. */
function newestOf(versions: string): string {
  return versions === "none" ? "" : ` (it has ${versions.split(", ").slice(-5).join(", ")})`;
}

type Explain = (match: RegExpExecArray, log: string) => Cause;

/** The first shape that the log has tells. Lines of what pip itself starts are indented, its own are not. */
const shapes: readonly (readonly [RegExp, Explain])[] = [
  [
    /DO NOT MATCH THE HASHES[^\n]*\n +(\S+)(?: from (\S+))?/,
    ([, what = "", from]) => ({
      code: "hash-mismatch",
      why: `${from === undefined ? what : nameIn(from)} on the index has other bytes than it should have`,
    }),
  ],
  [
    /^The conflict is caused by:\n((?: +\S[^\n]*\n?)+)/m,
    ([, causes = ""]) => ({
      code: "conflict",
      why: `these do not go together: ${causes
        .trim()
        .split(/\s*\n\s*/)
        .join("; ")}`,
    }),
  ],
  [/No space left on device/, () => ({ code: "disk-full", why: "no space is left for it" })],
  [
    /^ERROR: Package '(.*)' requires a different Python: (\S+) not in '(.*)'$/m,
    ([, what, here, wanted]) => ({
      code: "requires-python",
      why: `${what} is for Python ${wanted} only, and this is Python ${here}`,
    }),
  ],
  [
    /^ERROR: Could not find a version that satisfies the requirement (.*?)(?: \(from (?!versions: )(.*?)\))? \(from versions: (.*)\)$/m,
    ([, wanted = "", by, versions = ""]) => {
      const [missing = ""] = projectOf.exec(wanted) ?? [];
      const needed = by === undefined ? "" : `, which ${by} needs,`;
      return {
        code: "version-not-found",
        why: `the index has no ${wanted}${needed} for this Python${newestOf(versions)}`,
        missing,
      };
    },
  ],
  // The pip that fills the environment for a build.
  [
    /^ +ERROR: Could not find a version that satisfies the requirement ([^\s;]+).* \(from versions: (.*)\)$/m,
    ([, wanted = "", versions = ""]) => {
      const [missing = ""] = projectOf.exec(wanted) ?? [];
      return {
        why: `the build needs ${wanted}, which the index does not have${newestOf(versions)}: put it there, as by ${showCommand(["es-fetch", wanted])} | es-upload, or build with what the interpreter has (es-wheel --no-isolation)`,
        missing,
      };
    },
  ],
  [
    /\berror: command '?([^'\s]+)'? failed: No such file or directory|\b(?:sh: \d+: |unable to execute ')((?:\S*-)?(?:cc|gcc|g\+\+|c\+\+|clang|cargo|rustc|make|cmake))\b(?:: not found|': No such file)/,
    ([, command, other]) => ({
      why: `the build needs ${command ?? other}, which is not there: install a compiler, or build where there is one`,
    }),
  ],
  [
    /^no such option: (\S+)/m,
    ([, option]) => ({ code: "old-pip", why: `this pip is too old: it does not know ${option}` }),
  ],
  [/^\s*ERROR: (No matching .*)$/m, ([, why = ""]) => ({ why })],
  [/^\s*ERROR: ((?:Could not|Invalid|Directory|HTTP error).*)$/m, ([, why = ""]) => ({ why })],
  [/^\s*(\w+(?:Error|Exception): .*)$(?![\s\S]*^\s*\w+(?:Error|Exception): )/m, ([, why = ""]) => ({ why })],
  [/^\s*ERROR: (.*)$(?![\s\S]*^\s*ERROR: )/m, ([, why = ""]) => ({ why })],
];

/** Why pip failed. `log` is what it wrote to stdout and stderr. */
export function pipCause(log: string): Cause {
  for (const [shape, explain] of shapes) {
    const match = shape.exec(log);
    if (!match) continue;
    const cause = explain(match, log);
    const of = /^\s*ERROR: Failed building wheel for (\S+)/m.exec(log)?.[1];
    return cause.code === undefined && of ? { ...cause, why: `${of}: ${cause.why}` } : cause;
  }
  return { why: log.trim().split("\n").at(-1)?.trim() || "it did not say why" };
}

/** The failure that a run of pip ended in; `what` it could not do, and the code where no other one fits better. */
export function pipFailure({ where, log, details }: PipEnd, what: string, code: string): Failure {
  const cause = pipCause(log);
  return new Failure(
    cause.code ?? code,
    `pip${where === undefined ? "" : ` on ${where}`} cannot ${what}: ${cause.why}`,
    details,
  );
}
