#!/usr/bin/env node
// es-completion: completes command lines of essay in shells.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { knownAliases } from "../lib/alias/known.js";
import { UsageError } from "../lib/base/failure.js";
import { didYouMean } from "../lib/base/nearest.js";
import { inPackage } from "../lib/base/package-root.js";
import { print } from "../lib/base/print.js";
import { commandOf, isOurs, ourPrograms } from "../lib/base/program.js";
import { type Context, run } from "../lib/cli.js";
import { candidates, type Sources } from "../lib/completion/candidates.js";
import { type Config, loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { projectFiles } from "../lib/index/client.js";
import { pageNames } from "../lib/manual/pages.js";
import { shortPrograms } from "../lib/overview.js";
import { publishedVersions } from "../lib/version/published.js";

const command = {
  name: "es-completion",
  summary: "complete command lines of essay in a shell",
  usage: ["bash|zsh|fish", "words WORD..."],
  operands: [1, 10_000],
  stopEarly: true,
  options: {},
} as const;

const shells = ["bash", "zsh", "fish"];

/** Milliseconds that a person who has pressed Tab may wait for an index. */
const patience = 2000;

/** What a program of ours says for --help. */
function helpOf(program: string): Promise<string> {
  if (!isOurs(program)) return Promise.resolve("");
  const [file, first] = commandOf(program);
  return new Promise((resolve) => {
    execFile(file, [...first, "--help"], (_, stdout) => resolve(stdout));
  });
}

/** The configuration; one that cannot be read has nothing to offer. */
async function configured(context: Context): Promise<Config> {
  const none = { file: undefined, directory: process.cwd(), values: {}, projectName: undefined };
  return loadConfig(context).catch(() => none);
}

async function versionsOf(settings: Settings): Promise<string[]> {
  try {
    const project = settings.need("project");
    const signal = AbortSignal.timeout(patience);
    const files = await projectFiles(settings.access("index"), project, { signal });
    return (await publishedVersions(files)).map(({ version }) => version);
  } catch {
    return [];
  }
}

async function sourcesOf(context: Context): Promise<Sources> {
  const config = await configured(context);
  const settings = new Settings(config);
  const aliases = knownAliases(config.values.alias);
  return {
    names: () => [...shortPrograms(), ...Object.keys(aliases)],
    topics: pageNames,
    alias: (name) => (Object.hasOwn(aliases, name) && !isOurs(`es-${name}`) ? aliases[name] : undefined),
    help: helpOf,
    roles: () => Object.keys(config.values.roles ?? {}),
    venvs: () => Object.keys(config.values.ports ?? {}),
    versions: () => versionsOf(settings),
    project: () => settings.find("project"),
  };
}

run(command, async ({ args: [what = "", ...words], context }) => {
  if (what === "words") {
    const found = await candidates(words, await sourcesOf(context));
    await print(found.map((word) => `${word}\n`).join(""));
    return 0;
  }
  if (!shells.includes(what))
    throw new UsageError(
      `there is none for ${what}${didYouMean(what, shells)}; there are ${shells.join(", ")}`,
    );
  if (words.length > 0) throw new UsageError(`unexpected operand ${words[0]}`);
  const text = readFileSync(inPackage(`lib/completion/essay.${what}`), "utf8");
  await print(text.replace("@programs@", ourPrograms().sort().join(" ")));
  return 0;
});
