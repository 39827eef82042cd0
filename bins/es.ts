#!/usr/bin/env node
// es: runs an executable by its short name, or an alias, which is a pipeline.

import { resolve } from "node:path";
import { builtinAliases } from "../lib/alias/builtin.js";
import { requirePrograms, runPipeline, statusOf } from "../lib/alias/pipeline.js";
import { expand, parseTemplate } from "../lib/alias/template.js";
import { UsageError } from "../lib/base/failure.js";
import { isObject } from "../lib/base/json.js";
import { didYouMean } from "../lib/base/nearest.js";
import { print } from "../lib/base/print.js";
import { printable } from "../lib/base/printable.js";
import { isInPath, isOurs, ourPrograms } from "../lib/base/program.js";
import { showCommand } from "../lib/base/quote.js";
import { type Context, run } from "../lib/cli.js";
import { type Config, loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { type commonOptions, type Flags, fold } from "../lib/flags.js";
import { inSession } from "../lib/host-session.js";

const command = {
  name: "es",
  summary: "run es-NAME, or the alias NAME: create, build, package, deploy, switch, or one of [alias]",
  usage: ["[--print] NAME [ARG...]"],
  operands: [0, 10_000],
  stopEarly: true,
  options: { print: { help: "print the pipeline instead of running it" } },
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
const aliasesOf = (config: Config) => ({ ...builtinAliases, ...config.values.alias });

/** The short names of our programs. */
const shortNames = () =>
  ourPrograms().flatMap((program) => (program === "es" ? [] : [program.replace(/^es-/, "")]));

/** What `es` can be followed by, for whoever types it alone. */
async function overview(context: Context): Promise<string> {
  const all = Object.entries(aliasesOf(await loadConfig(context)));
  const aliases = all.map(([name, text]): [string, string] => [
    name,
    isOurs(`es-${name}`) ? `never run: es-${name} goes before it` : text,
  ]);
  const width = Math.max(...aliases.map(([name]) => name.length));
  return [
    `${fold("programs: ", shortNames().join(" "))}\n`,
    "aliases:\n",
    ...aliases.map(([name, text]) => `${fold(`  ${name.padEnd(width)}  `, printable(text))}\n`),
    "es NAME --help says how to use a program; man es, man essay\n",
  ].join("");
}

/** An alias of two words, such as "nginx reload", goes before the program that the first word names. */
function wordsOf(name: string, args: readonly string[]): [name: string, args: readonly string[]] {
  const both = `${name} ${args[0]}`;
  return Object.hasOwn(builtinAliases, both) ? [both, args.slice(1)] : [name, args];
}

async function pipelines(word: string, words: readonly string[], context: Context): Promise<string[][][]> {
  const [name, args] = wordsOf(word, words);
  if (isOurs(`es-${name}`)) return [[[`es-${name}`, ...args]]];
  const config = await loadConfig(context);
  const aliases = aliasesOf(config);
  const text = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (text !== undefined && args.includes("")) throw new UsageError("an operand is empty");
  if (text !== undefined) return expand(name, parseTemplate(text), args, (key) => configured(config, key));
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new UsageError(`${name} is no name of an executable or alias`);
  if (isInPath(`es-${name}`)) return [[[`es-${name}`, ...args]]];
  const hint = didYouMean(name, [...Object.keys(aliases), ...shortNames()]);
  throw new UsageError(`there is no es-${name} in PATH and no alias ${name}${hint}`);
}

/** A flag of a step that stands before the name reaches no step: `es --dry-run deploy` must not deploy. */
function refuseStepFlags(name: string, flags: Flags<typeof commonOptions>): void {
  for (const [flag, value] of Object.entries(flags))
    if (value !== undefined && value !== false && !["config", "env", "print"].includes(flag))
      throw new UsageError(`--${flag} is no flag of es: it belongs behind ${name}`);
}

/** Runs pipelines one after the other, until one fails; resolves to the exit status. */
async function runAll(all: readonly string[][][], { interrupt, warn }: Context): Promise<number> {
  let status = 0;
  for (const stages of all) {
    // One that came before they were there would be heard by none of them.
    interrupt.signal.throwIfAborted();
    const ends = await runPipeline(stages, interrupt);
    for (const { program, signal } of ends)
      if (signal && !interrupt.received) warn(`${program} was ended by ${signal}`);
    status = statusOf(ends);
    if (status !== 0) break;
  }
  return status;
}

run(command, async ({ args: [name, ...args], flags, context }) => {
  if (name === undefined) {
    await print(await overview(context));
    throw new UsageError("say which program or alias to run");
  }
  refuseStepFlags(name, flags);
  const all = await pipelines(name, args, context);
  if (flags.print) {
    const text = all.map((stages) => stages.map(showCommand).join(" | ")).join(" &&\n");
    await print(`${text}\n`);
    return 0;
  }
  // The stages are to read the configuration that the alias was read from.
  if (context.configEnv !== undefined) process.env.ESSAY_ENV = context.configEnv;
  if (context.configFile !== undefined) process.env.ESSAY_CONFIG = resolve(context.configFile);
  requirePrograms(all);
  // A program alone has nothing to share.
  if (all.flat().length === 1) return runAll(all, context);
  return inSession(context, {}, ({ variables }) => {
    Object.assign(process.env, variables);
    return runAll(all, context);
  });
});
