// What every executable is made of: flags, help, messages on stderr, exit status.

import { readFileSync } from "node:fs";
import { asFailure, Failure, UsageError } from "./base/failure.js";
import type { Place } from "./base/gate.js";
import type { Note } from "./base/note.js";
import { inPackage } from "./base/package-root.js";
import { print } from "./base/print.js";
import { printable, printableLines } from "./base/printable.js";
import { withoutValues } from "./base/setenv.js";
import { type Asking, ask } from "./base/terminal.js";
import { hasCredentials, hideCredentials } from "./base/url.js";
import {
  commonOptions,
  describeOptions,
  type Flags,
  fold,
  type Option,
  type Options,
  readFlags,
  seconds,
  wholeNumber,
} from "./flags.js";
import { Interrupt } from "./interrupt.js";
import type { Progress } from "./progress.js";
import { StatusLine } from "./status-line.js";

/** How an executable presents itself. */
export interface Command<O extends Options> {
  /** Its name, such as "es-venv". */
  name: string;
  /** One line: what it does. */
  summary: string;
  /** What may follow the name, a line for each form. */
  usage: readonly string[];
  /** Its own flags; the common ones are added. */
  options: O;
  /** How many operands it takes at least and at most. */
  operands: readonly [least: number, most: number];
  /** Takes `-- CMD...`. */
  command?: true;
  /** The first operand ends the flags. */
  stopEarly?: true;
  /** Milliseconds for one host unless --timeout says otherwise; 0 for no limit. 300 000 unless told. */
  timeout?: number;
}

const usualTimeout = 300_000;

/** What the common flags and the process say: the surroundings of a run. */
export interface Context {
  /** The executable's name. */
  name: string;
  /** The command line without secrets, for traces. */
  argv: readonly string[];
  jobs: number;
  /** Inside es-session: waits for one of the places that its steps share; each record's work needs one. */
  place?: (signal: AbortSignal) => Promise<Place>;
  /** What the history is told of the work on a record; set by steps that reach hosts. */
  note?: (record: object) => Note;
  keepOrder: boolean;
  /** Milliseconds for one record; 0 for no limit. */
  timeout: number;
  maxFail: { count: number } | { percent: number };
  partial: boolean;
  allowEmpty: boolean;
  dryRun: boolean;
  verbose: boolean;
  json: boolean;
  /** --config and --env. */
  configFile: string | undefined;
  configEnv: string | undefined;
  interrupt: Interrupt;
  /** Told what the step does, where `es` shows that live. */
  view: Progress | undefined;
  /** One line of these parts, for people on stderr; nothing with -q. Control characters are escaped. */
  say(...parts: (string | Bad)[]): void;
  /** One line on stderr that -q does not silence, after the program's name. */
  warn(line: string): void;
  /** Text from a host on stderr, each line after a label; for -v. */
  show(label: string, text: string): void;
  /** Asks the person at the terminal; undefined where there is none. */
  ask(question: string, how: Asking): Promise<string | undefined>;
  /** What is going on just now, on a line that the next one replaces; only on a terminal, and not with -q. */
  progress(text: () => string): void;
}

/** Text of a message that is red where colour is wanted. */
export interface Bad {
  bad: string;
}

export interface Invocation<O extends Options> {
  args: string[];
  flags: Flags<O & typeof commonOptions>;
  /** What stood after `--`. */
  rest: string[] | undefined;
  context: Context;
}

/** An executable's own part: it returns the exit status. */
type Main<O extends Options> = (invocation: Invocation<O>) => Promise<number>;

export function packageVersion(): string {
  const manifest = readFileSync(inPackage("package.json"), "utf8");
  return JSON.parse(manifest).version;
}

/** All forms of the command line, one below the other. */
function usage({ name, usage }: Command<Options>): string {
  return usage.map((form, place) => fold(`${place === 0 ? "usage:" : "      "} ${name} `, form)).join("\n");
}

function help(command: Command<Options>): string {
  const own = Object.keys(command.options).length ? `\n${describeOptions(command.options)}` : "";
  const { timeout = usualTimeout } = command;
  const limit = timeout === 0 ? "no limit" : timeout / 1000;
  const common = Object.entries<Option>({
    ...commonOptions,
    timeout: { ...commonOptions.timeout, help: `seconds for one host or release in this step (${limit})` },
  }).filter(([name]) => !Object.hasOwn(command.options, name));
  return `${fold(`${command.name}: `, command.summary)}\n${usage(command)}\n${own}\n${describeOptions(Object.fromEntries(common))}\nSee man ${command.name}.\n`;
}

function maxFail(text: string | undefined): Context["maxFail"] {
  if (text === undefined) return { count: 0 };
  if (text.endsWith("%")) return { percent: wholeNumber("--max-fail", text.slice(0, -1), 0, 100) };
  return { count: wholeNumber("--max-fail", text, 0) };
}

function makeContext(
  command: Command<Options>,
  flags: Flags<typeof commonOptions>,
  argv: readonly string[],
  interrupt: Interrupt,
  view: Progress | undefined,
): Context {
  const stderr = messages();
  const colour = stderr.isTTY && !process.env.NO_COLOR;
  const status = new StatusLine(stderr, !flags.quiet);
  return {
    name: command.name,
    argv: withoutValues(argv).map(hideCredentials),
    jobs: wholeNumber("--jobs", flags.jobs ?? "30", 1, 10_000),
    keepOrder: flags["keep-order"],
    timeout:
      flags.timeout === undefined ? (command.timeout ?? usualTimeout) : seconds("--timeout", flags.timeout),
    maxFail: maxFail(flags["max-fail"]),
    partial: flags.partial,
    allowEmpty: flags["allow-empty"],
    dryRun: flags["dry-run"],
    verbose: flags.verbose,
    json: flags.json,
    configFile: flags.config,
    configEnv: flags.env,
    interrupt,
    view,
    say: (...parts) => {
      const line = parts.map((part) => {
        const text = printable(hideCredentials(typeof part === "string" ? part : part.bad));
        return colour && typeof part !== "string" ? `\x1b[31m${text}\x1b[0m` : text;
      });
      if (!flags.quiet) status.write(`${line.join("")}\n`);
    },
    warn: (line) => {
      status.write(`${command.name}: ${printable(hideCredentials(line))}\n`);
    },
    show: (label, text) => {
      for (const line of printableLines(hideCredentials(text)).replace(/\n$/, "").split("\n"))
        status.write(`${printable(label)}| ${line}\n`);
    },
    ask: async (question, how) => {
      status.clear();
      const release = await view?.hold();
      return ask(question, how).finally(release);
    },
    progress: (text) => {
      if (view) view.doing(() => hideCredentials(text()));
      else status.draw(() => printable(hideCredentials(text())));
    },
  };
}

/**
 * Standard error, whose first use loads what --help does without. That nobody reads our messages any more is no reason to
 * stop the work.
 */
function messages(): NodeJS.WriteStream {
  process.stderr.off("error", ignore).on("error", ignore);
  return process.stderr;
}

const ignore = () => {};

/** A secret in argv is in every process list: wipe it as early as can be. */
function wipeArguments(name: string, argv: readonly string[]): void {
  const isTold = argv.some(hasCredentials);
  if (isTold || withoutValues(argv).some((word, at) => word !== argv[at])) process.title = name;
  if (!isTold) return;
  messages().write(
    `${name}: a password on a command line can be read by others; name the index in essay.toml and keep its password in ~/.netrc\n`,
  );
}

/**
 * Runs an executable: reads its flags, answers --help and --version, and turns what `main` returns or throws
 * into the exit status: what it returns; 1 for a Failure; 2 for a UsageError; death by signal if one came.
 */
export function run<const O extends Options>(command: Command<O>, main: Main<O>): void {
  // Node ends, with status 0, when there is nothing left that could wake it, be the work done or not.
  const stuck = () => {
    process.exitCode = 1;
    report(command, new Failure("internal", "nothing goes on any more, and the work is not done"), false);
  };
  process.once("exit", stuck);
  void finish(command, main).then(() => process.off("exit", stuck));
}

async function finish<const O extends Options>(command: Command<O>, main: Main<O>): Promise<void> {
  const argv = process.argv.slice(2);
  wipeArguments(command.name, argv);
  let interrupt: Interrupt | undefined;
  let view: Progress | undefined;
  try {
    const { stopEarly = false } = command;
    const line = readFlags({ ...command.options, ...commonOptions }, argv, { stopEarly });
    const flags = line.flags as Flags<O & typeof commonOptions>;
    const common = line.flags as Flags<typeof commonOptions>;
    if (common.help) {
      await print(help(command));
      return;
    }
    if (common.version) {
      await print(`${command.name} (essay) ${packageVersion()}\n`);
      return;
    }
    const [least, most] = command.operands;
    if (line.args.length < least) throw new UsageError("an operand is missing");
    if (line.args.length > most) throw new UsageError(`unexpected operand ${line.args[most]}`);
    if (line.rest !== undefined && !command.command) throw new UsageError("takes no command after --");
    // Behind the name of a command, an empty word is that command's business.
    const own = stopEarly ? line.args.slice(0, 1) : line.args;
    if (own.includes("")) throw new UsageError("an operand is empty");
    interrupt = new Interrupt();
    view = await viewOf(command.name);
    const context = makeContext(command, common, argv, interrupt, view);
    process.exitCode = await main({ args: line.args, flags, rest: line.rest, context });
  } catch (error) {
    process.exitCode = isMistake(error) ? 2 : 1;
    if (interrupt?.signal.aborted && !isMistake(error)) return;
    report(command, error, interrupt === undefined);
  } finally {
    view?.close();
    interrupt?.release();
    interrupt?.raiseAgain();
  }
}

/** What shows our work live, where we are a stage of a pipeline that `es` runs on a terminal. */
async function viewOf(name: string): Promise<Progress | undefined> {
  const { ESSAY_VIEW: view, ESSAY_SESSION: session } = process.env;
  if (!view || !session) return undefined;
  const { Progress } = await import("./progress.js");
  return new Progress(session, view, name);
}

/** Wrong usage, configuration or input, as against something that failed. */
function isMistake(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof Failure && error.code === "not-configured");
}

function report(command: Command<Options>, error: unknown, withUsage: boolean): void {
  const out = messages();
  const say = (text: string) => out.write(`${command.name}: ${printable(hideCredentials(text))}\n`);
  if (error instanceof UsageError) {
    say(error.message);
    if (withUsage) out.write(`${usage(command)}\n`);
    return;
  }
  const failure = asFailure(error);
  say(`${failure.code}: ${failure.message}`);
  const { stderr = "" } = failure.details;
  if (stderr) out.write(`${printableLines(hideCredentials(stderr).trimEnd())}\n`);
}
