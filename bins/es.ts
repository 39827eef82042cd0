#!/usr/bin/env node
// es: runs an executable by its short name, or an alias, which is a pipeline.

import { resolve } from "node:path";
import { fileBehind, retrying } from "../lib/alias/again.js";
import { announcement, builtinAliases } from "../lib/alias/builtin.js";
import { knownAliases, nameIn } from "../lib/alias/known.js";
import { requirePrograms, runPipeline, type StageEnd, statusOf } from "../lib/alias/pipeline.js";
import { expand, namesSide, parseTemplate, type Sides } from "../lib/alias/template.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import { isObject } from "../lib/base/json.js";
import { didYouMean } from "../lib/base/nearest.js";
import { print } from "../lib/base/print.js";
import { isInPath, isOurs } from "../lib/base/program.js";
import { showCommand } from "../lib/base/quote.js";
import { type Context, run } from "../lib/cli.js";
import { type Config, loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import type { commonOptions, Flags } from "../lib/flags.js";
import { sideFinder } from "../lib/host-live.js";
import { inSession } from "../lib/host-session.js";
import { onHosts } from "../lib/host-step.js";
import { isShownLive, LiveView } from "../lib/live-view.js";
import { overview, shortPrograms } from "../lib/overview.js";

const command = {
  name: "es",
  summary: "run es-NAME, or the alias NAME: build, deploy, release, rollback, one of [alias], ...",
  usage: ["[--print] [--plain] NAME [ARG...]"],
  operands: [0, 10_000],
  stopEarly: true,
  options: {
    print: { help: "print the pipeline instead of running it" },
    plain: { help: "a line for each host and step, also where a terminal could show all in one table" },
  },
} as const;

/** The value of a key such as `project` or `nginx.role`. */
function configured(config: Config, key: string): unknown {
  if (key === "project") return new Settings(config).find("project");
  let value: unknown = config.values;
  for (const part of key.split("."))
    value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

/** The aliases of this configuration. */
const aliasesOf = (config: Config) => knownAliases(config.values.alias);

/** Pipelines to be run, as far as they are known before the balancers are asked. */
interface Found {
  /** Its stages name a side. */
  asks: boolean;
  pipelines(sides: Sides): string[][][];
  /** What is told of the sides before anything runs. */
  announce(sides: Sides): string;
}

const programAlone = (...words: string[]): Found => ({
  asks: false,
  pipelines: () => [[words]],
  announce: () => "",
});

async function find(word: string, words: readonly string[], context: Context): Promise<Found> {
  const [name, args] = nameIn(word, words);
  if (isOurs(`es-${name}`)) return programAlone(`es-${name}`, ...args);
  const config = await loadConfig(context);
  const aliases = aliasesOf(config);
  const text = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (text !== undefined) {
    if (args.includes("")) throw new UsageError("an operand is empty");
    const template = parseTemplate(text);
    const inConfig = (key: string) => configured(config, key);
    return {
      asks: namesSide(template, args, inConfig),
      pipelines: (sides) => expand(name, template, args, inConfig, sides),
      announce: (sides) => announcement(text === builtinAliases[name] ? name : "", sides),
    };
  }
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new UsageError(`${name} is no name of an executable or alias`);
  if (isInPath(`es-${name}`)) return programAlone(`es-${name}`, ...args);
  const hint = didYouMean(name, [...Object.keys(aliases), ...shortPrograms()]);
  throw new UsageError(`there is no es-${name} in PATH and no alias ${name}${hint}`);
}

/** Stands for the sides until the balancers have been asked. */
const unasked: Sides = { live: "{live}", idle: "{idle}" };

/** Asks the balancers which side they serve. Throws Failure as es-live does. */
async function askSides(context: Context): Promise<Sides> {
  const flags = { "ssh-config": undefined, ssh: undefined, "accept-new": false, jobs: undefined };
  const served = await onHosts(context, flags, (hosts) => sideFinder(context, hosts)());
  if (served instanceof Failure) throw served;
  return { live: served.live.name, idle: served.idle.name };
}

/** A flag of a step that stands before the name reaches no step: `es --dry-run deploy` must not deploy. */
function refuseStepFlags(name: string, flags: Flags<typeof commonOptions>): void {
  for (const [flag, value] of Object.entries(flags))
    if (value !== undefined && value !== false && !["config", "env", "print", "plain"].includes(flag))
      throw new UsageError(`--${flag} is no flag of es: it belongs behind ${name}`);
}

const show = (pipelines: readonly string[][][], joint: string) =>
  pipelines.map((stages) => stages.map(showCommand).join(" | ")).join(joint);

/**
 * Runs one pipeline and resolves to how its stages ended; with `session`, it is shown live where that can be. `which`:
 * what tells it from the others of the command.
 */
async function runOne(
  stages: readonly string[][],
  which: string,
  { interrupt, argv }: Context,
  session: string | undefined,
): Promise<StageEnd[]> {
  if (session === undefined || !isShownLive(stages)) return runPipeline(stages, interrupt);
  const title = showCommand(["es", ...argv]) + which;
  const view = await LiveView.open(session, title, process.stderr, interrupt);
  try {
    return await runPipeline(stages, interrupt, view);
  } finally {
    view.close();
  }
}

/** Runs pipelines one after the other, until one fails; resolves to the exit status. */
async function runAll(all: readonly string[][][], context: Context, session?: string): Promise<number> {
  const { interrupt, say, warn } = context;
  let status = 0;
  for (const [place, stages] of all.entries()) {
    // One that came before they were there would be heard by none of them. Node hears of it between two tasks only.
    await new Promise((resolve) => setImmediate(resolve));
    interrupt.signal.throwIfAborted();
    const which = all.length > 1 ? ` (${place + 1} of ${all.length})` : "";
    const ends = await runOne(stages, which, context, session);
    for (const { program, signal } of ends)
      if (signal && !interrupt.received) warn(`${program} was ended by ${signal}`);
    status = statusOf(ends);
    if (status === 0) continue;
    const rest = all.slice(place + 1);
    if (rest.length > 0) say(`es: ended with status ${status}; not begun: ${show(rest, " && ")}`);
    break;
  }
  return status;
}

/** Says how to go on with an alias that failed or was interrupted; `asks`: its stages name a side. */
async function sayHowToGoOn(
  name: string,
  args: readonly string[],
  asks: boolean,
  context: Context,
): Promise<void> {
  const { interrupt, warn } = context;
  const expanded = async (some: string[]) => (await find(name, some, context)).pipelines(unasked);
  const file = fileBehind(1);
  const retry = file === undefined ? undefined : await retrying(args, file, expanded);
  if (retry) warn(`to go on with those that are not done: ${showCommand(["es", name, ...retry])}`);
  else if (!interrupt.received) return;
  // Which side is the idle one may have changed meanwhile.
  else if (asks)
    warn("before you go on, see which side nginx serves now (es-live): the other one may be the idle one");
  else warn("to go on, run the same command again: what is done already is looked at, and left as it is");
}

run(command, async ({ args: [name, ...args], flags, context }) => {
  if (name === undefined) {
    await print(overview(aliasesOf(await loadConfig(context))));
    throw new UsageError("say which program or alias to run");
  }
  refuseStepFlags(name, flags);
  const { asks, pipelines, announce } = await find(name, args, context);
  // Mistakes are told before anybody is asked.
  const all = pipelines(unasked);
  if (flags.print) {
    await print(`${show(asks ? pipelines(await askSides(context)) : all, " &&\n")}\n`);
    return 0;
  }
  // The stages are to read the configuration that the alias was read from.
  if (context.configEnv !== undefined) process.env.ESSAY_ENV = context.configEnv;
  if (context.configFile !== undefined) process.env.ESSAY_CONFIG = resolve(context.configFile);
  requirePrograms(all);
  // A program alone has nothing to share.
  if (all.flat().length === 1 && !asks) return runAll(all, context);
  const status = await inSession(context, {}, async ({ variables }) => {
    Object.assign(process.env, variables);
    const session = flags.plain ? undefined : variables.ESSAY_SESSION;
    if (!asks) return runAll(all, context, session);
    const sides = await askSides(context);
    context.say(`es: ${announce(sides)}`);
    return runAll(pipelines(sides), context, session);
  });
  if (status !== 0) await sayHowToGoOn(name, args, asks, context);
  return status;
});
