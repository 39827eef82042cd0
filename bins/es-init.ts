#!/usr/bin/env node
// es-init: lays out a project, or adds what is missing to an existing one.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { UsageError } from "../lib/base/failure.js";
import { type Command, type Context, run } from "../lib/cli.js";
import type { Options } from "../lib/flags.js";
import { placeNew, templateFiles } from "../lib/templates/layout.js";
import { checkProjectName } from "../lib/templates/names.js";
import { checkIdentity, checkRemote, commitFirst, pushTo } from "../lib/templates/repository.js";
import { type Survey, superfluous, survey } from "../lib/templates/survey.js";

const command = {
  name: "es-init",
  summary: "lay out a project, or add what is missing to an existing one",
  usage: ["[--git [--remote URL]] [-t TEMPLATE] [NAME]"],
  operands: [0, 1],
  options: {
    git: { help: "make a git repository with a first commit" },
    remote: { value: "URL", help: "with --git: push to this repository" },
    template: { short: "t", value: "NAME", help: "which kind of project: default or django" },
  },
} as const satisfies Command<Options>;

/** The URL of a remote, asked for on a terminal; undefined where nobody can be asked or none is given. */
async function askForRemote({ interrupt }: Context): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const question = "URL of an empty git repository to push to (none if left empty): ";
    const ended = new Promise<string>((done) => terminal.once("close", () => done("")));
    const answer = terminal.question(question, { signal: interrupt.signal });
    return (await Promise.race([answer, ended])).trim() || undefined;
  } finally {
    terminal.close();
  }
}

/** Makes the directory of a new project, or says what the present one has. */
async function surroundings(name: string | undefined): Promise<{ directory: string; found: Survey }> {
  if (name === undefined) {
    const directory = process.cwd();
    const found = await survey(directory);
    if (!found.packaging) checkProjectName(found.project);
    return { directory, found };
  }
  checkProjectName(name);
  const directory = resolve(name);
  if (existsSync(directory) && readdirSync(directory).length > 0)
    throw new UsageError(
      `${directory} is there already; es-init without a name, run in it, adds what is missing`,
    );
  return {
    directory,
    found: { project: name, packaging: undefined, configured: false, readme: undefined },
  };
}

run(command, async ({ args: [name], flags, context }) => {
  const { say, dryRun, interrupt } = context;
  const { directory, found } = await surroundings(name);
  const files = await templateFiles(flags.template ?? "default", {
    project: found.project,
    package: found.project.replace(/[-.]+/g, "_"),
  });
  if (flags.remote !== undefined && !flags.git) throw new UsageError("--remote goes with --git");
  const remote = flags.remote ?? (flags.git && !dryRun ? await askForRemote(context) : undefined);
  if (remote !== undefined) checkRemote(remote);
  if (flags.git) await checkIdentity(process.cwd(), interrupt.signal);

  for (const file of files) {
    const path = join(directory, file.path);
    const reason = superfluous(file, found);
    if (existsSync(path)) say(`left   ${file.path}`);
    else if (reason) say(`left   ${file.path} out: ${reason}`);
    else if (dryRun) say(`would add ${file.path}`);
    else say(`${placeNew(path, file.text) ? "added " : "left  "} ${file.path}`);
  }
  if (!flags.git || dryRun) return 0;
  if (await commitFirst(directory, interrupt.signal)) say("committed to git, branch master");
  else say("git has commits of this project already: commit what was added");
  if (remote === undefined) return 0;
  await pushTo(directory, remote, interrupt.signal);
  say(`pushed to ${remote}`);
  return 0;
});
