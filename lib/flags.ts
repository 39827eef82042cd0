// Command-line flags: the tables that describe them, reading them, and the text of --help.

import minimist from "minimist";
import { UsageError } from "./base/failure.js";
import { didYouMean } from "./base/nearest.js";

/** One flag. With `value` (a name for the help text) it takes a value, otherwise it is a switch. */
export interface Option {
  help: string;
  value?: string;
  short?: string;
  /** May be given more than once; its values come as a list. */
  many?: true;
}
export type Options = Readonly<Record<string, Option>>;

/** What reading the flags of a table gives. All values are strings: `3.10` stays `3.10`. */
export type Flags<O extends Options> = {
  -readonly [N in keyof O]: O[N] extends { value: string }
    ? O[N] extends { many: true }
      ? string[]
      : string | undefined
    : boolean;
};

/** Flags that every executable has. */
export const commonOptions = {
  help: { short: "h", help: "say how to use this program" },
  version: { short: "V", help: "say which version this is" },
  quiet: { short: "q", help: "no progress on stderr" },
  verbose: { short: "v", help: "show remote output as it comes" },
  jobs: { short: "j", value: "N", help: "work on at most N hosts or releases at once (30)" },
  "keep-order": { short: "k", help: "write records in the order in which they came" },
  json: { help: "JSON lines, also on a terminal" },
  timeout: { value: "S", help: "seconds for one host or release in this step" },
  "max-fail": { value: "N|P%", help: "end with status 0 when at most so many failed" },
  partial: { help: "accept that records of a batch are missing" },
  "allow-empty": { help: "accept that there is nothing to do" },
  "dry-run": { help: "look and change nothing; say what would be done" },
  config: { value: "FILE", help: "configuration instead of essay.toml or pyproject.toml" },
  env: { value: "NAME", help: "overlay the table [env.NAME] of the configuration" },
} as const satisfies Options;

/** Flags of the steps that reach hosts. */
export const hostOptions = {
  "ssh-config": { value: "FILE", help: "settings for ssh from FILE, as ssh -F" },
  ssh: { value: "openssh", help: "reach hosts by the system's ssh, for what essay's own cannot do" },
  "accept-new": { help: "learn the keys of hosts that are not yet known" },
} as const satisfies Options;

/** Flags of the steps that can build on another host. */
export const buildHostOptions = {
  on: { value: "HOST", help: "build on HOST, or the first host of a role; otherwise build.on, or here" },
  ...hostOptions,
} as const satisfies Options;

/** Which nginx of a host is meant. */
export const nginxOptions = {
  bin: { value: "PROGRAM", help: "the program nginx (nginx)" },
  conf: { value: "FILE", help: "its main configuration (the one it was built with)" },
} as const satisfies Options;

/** Which file of that nginx says which side is served. */
export const switchFileOptions = {
  ...nginxOptions,
  "switch-conf": { value: "FILE", help: "the file that names the upstream (the main configuration)" },
} as const satisfies Options;

/** The flag of the programs that reach a package index from here. */
export const caBundleOption = {
  "ca-bundle": { value: "FILE", help: "trust the certificate authorities in FILE (PEM) and no others" },
} as const satisfies Options;

/** The flag of the programs that take the locks of virtualenvs. */
export const waitOption = {
  wait: { value: "S", help: "wait S seconds for a virtualenv that another run has locked" },
} as const satisfies Options;

/** The flags of the steps that change a virtualenv. */
export const liveOption = {
  live: { help: "change the virtualenv even if nginx serves it" },
  ...waitOption,
} as const satisfies Options;

function names(options: Options): Map<string, { name: string; option: Option }> {
  const all = new Map<string, { name: string; option: Option }>();
  for (const [name, option] of Object.entries(options)) {
    all.set(`--${name}`, { name, option });
    if (option.short) all.set(`-${option.short}`, { name, option });
  }
  return all;
}

// minimist reads --no-deps as { deps: false }, takes a word "true" or "false" after a switch for its value, and
// stumbles over names that every object has, and drops "--". With a NUL in them, which no argument has, it lets them be.
const hidden = (name: string) => name.replace(/^no-/, "no\0-");
function hiddenWord(word: string): string {
  if (word === "true" || word === "false" || word === "--") return `\0${word}`;
  const [, name = ""] = /^--([^=]*)/.exec(word) ?? [];
  return name in Object.prototype ? `--\0${word.slice(2)}` : word.replace(/^--no-/, "--no\0-");
}
const shown = (word: string) => word.replace("\0", "");

/** What was on a command line. `rest` is what stood after `--`, undefined where there was no `--`. */
export interface CommandLine<O extends Options> {
  flags: Flags<O>;
  args: string[];
  rest: string[] | undefined;
}

/**
 * Reads `argv` by a table of flags. With `stopEarly`, the first operand ends the flags and all that follows
 * belongs to the operands. Throws UsageError for unknown, repeated, empty and incomplete flags.
 */
export function readFlags<O extends Options>(
  options: O,
  argv: readonly string[],
  { stopEarly = false } = {},
): CommandLine<O> {
  const known = names(options);
  const entries = Object.entries(options);
  // Where operands end the flags, "--" is one of them, or stands for their beginning.
  const dashes = stopEarly ? -1 : argv.indexOf("--");
  const own = dashes < 0 ? argv : argv.slice(0, dashes);
  const parsed = minimist(own.map(hiddenWord), {
    string: ["_", ...entries.filter(([, option]) => option.value).map(([name]) => hidden(name))],
    boolean: entries.filter(([, option]) => !option.value).map(([name]) => hidden(name)),
    alias: Object.fromEntries(entries.flatMap(([n, { short }]) => (short ? [[hidden(n), short]] : []))),
    stopEarly,
    unknown: (word) => {
      if (!/^-./.test(word)) return true;
      const flag = shown(word).replace(/=.*/s, "");
      throw new UsageError(`unknown flag ${flag}${didYouMean(flag, known.keys())}`);
    },
  });
  const flags: Record<string, unknown> = {};
  for (const [name, option] of entries) {
    const given: unknown = parsed[hidden(name)];
    const list = given === undefined ? [] : [given].flat().map((v) => (typeof v === "string" ? shown(v) : v));
    if (!option.value) {
      flags[name] = list.includes(true);
      continue;
    }
    if (list.includes("")) throw new UsageError(`--${name} needs a value: ${option.value}`);
    if (list.length > 1 && !option.many) throw new UsageError(`--${name} is given ${list.length} times`);
    flags[name] = option.many ? list : list[0];
  }
  for (const word of own) {
    const [flag = "", value] = word.split(/=(.*)/s);
    if (value !== undefined && known.has(flag) && !known.get(flag)?.option.value)
      throw new UsageError(`${flag} takes no value`);
  }
  const args = parsed._.map((word) => shown(String(word)));
  return {
    flags: flags as Flags<O>,
    args: args[0] === "--" ? args.slice(1) : args,
    rest: dashes < 0 ? undefined : argv.slice(dashes + 1),
  };
}

/** A flag's value as a whole number from `least` to `most`. */
export function wholeNumber(
  flag: string,
  text: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(
      `${flag} takes a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}, not ${text}`,
    );
  return value;
}

/** A flag's value in seconds, as milliseconds: what a timer of Node's can hold. */
export function seconds(flag: string, text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 0.001 || value > 2_000_000)
    throw new UsageError(`${flag} takes seconds, from 0.001 to 2000000, not ${text}`);
  return Math.round(value * 1000);
}

const units: Record<string, number> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** A flag's value as a number of bytes: 100, 100K, 100M, 100G. */
export function byteCount(flag: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9})([KMG]?)$/i.exec(text) ?? [];
  const count = Number(digits) * (units[unit.toUpperCase()] ?? 0);
  if (count === 0) throw new UsageError(`${flag} takes a size such as 500K, 100M or 2G, not ${text}`);
  return count;
}

/** Columns of a terminal that --help fits on. */
const columns = 80;

/**
 * `start` and what follows it, in lines of at most 80 columns; those after the first begin with `indent` spaces. What
 * is in brackets or braces stays together.
 */
export function fold(start: string, text: string, indent = start.length): string {
  const lines: string[] = [];
  let line = start;
  let empty = true;
  for (const word of text.match(/(?:\[(?:[^[\]]|\[[^\]]*\])*\]|\{[^}]*\}|\S)+/g) ?? []) {
    if (!empty && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = " ".repeat(indent);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line.trimEnd()].join("\n");
}

/** The option part of --help: an item for each flag, of one line where that is enough. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(([name, { short, value, help }]) => ({
    left: `  ${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`,
    help,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return rows.map(({ left, help }) => `${fold(left.padEnd(width), help)}\n`).join("");
}
