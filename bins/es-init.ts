#!/usr/bin/env node
// es-init: lays out a project, or adds what is missing to an existing one.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { UsageError } from "../lib/base/failure.js";
import { inPrivateFolder } from "../lib/base/private-folder.js";
import { isRemote } from "../lib/base/repository.js";
import { clearUnfinished } from "../lib/base/unfinished.js";
import { type Command, type Context, run } from "../lib/cli.js";
import type { Options } from "../lib/flags.js";
import { ownTemplate, placeNew, templateFiles } from "../lib/templates/layout.js";
import { checkProjectName } from "../lib/templates/names.js";
import { checkIdentity, checkRemote, commitFirst, fetchInto, pushTo } from "../lib/templates/repository.js";
import { type Survey, superfluous, survey } from "../lib/templates/survey.js";

const command = {
  name: "es-init",
  summary: "lay out a project, or add what is missing to an existing one",
  usage: ["[--git [--remote URL]] [-t TEMPLATE] [NAME]"],
  operands: [0, 1],
  options: {
    git: { help: "make a git repository with a first commit" },
    remote: { value: "URL", help: "with --git: push to this repository" },
    template: {
      short: "t",
      value: "NAME|DIR|URL",
      help: "what it is laid out by: default, django, webpy, a folder, or a git repository",
    },
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

/** Gives `work` the folder of a template: ours by its name, a folder by a path, a git repository by its URL. */
async function withTemplate<T>(
  said: string,
  signal: AbortSignal,
  work: (root: string) => Promise<T>,
): Promise<T> {
  if (isRemote(said)) {
    checkRemote(said);
    return inPrivateFolder(async (folder) => {
      const root = join(folder, "template");
      await fetchInto(root, said, signal);
      return work(root);
    });
  }
  if (!said.includes("/") && !/^\.\.?$/.test(said)) return work(ownTemplate(said));
  if (!statSync(said, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`${said} is no folder with a template`);
  return work(resolve(said));
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
  if (flags.remote !== undefined && !flags.git) throw new UsageError("--remote goes with --git");
  const { directory, found } = await surroundings(name);
  const values = { project: found.project, package: found.project.replace(/[-.]+/g, "_") };
  const files = await withTemplate(flags.template ?? "default", interrupt.signal, (root) =>
    templateFiles(root, values),
  );
  if (files.length === 0) throw new UsageError(`${flags.template} has no files`);
  const remote = flags.remote ?? (flags.git && !dryRun ? await askForRemote(context) : undefined);
  if (remote !== undefined) checkRemote(remote);
  if (flags.git) await checkIdentity(process.cwd(), interrupt.signal);

  for (const file of files) {
    const path = join(directory, file.path);
    const reason = superfluous(file, found);
    if (existsSync(path)) {
      if (!dryRun) clearUnfinished(path);
      say(`left   ${file.path}`);
    } else if (reason) say(`left   ${file.path} out: ${reason}`);
    else if (dryRun) say(`would add ${file.path}`);
    else say(`${placeNew(path, file.content, file.executable) ? "added " : "left  "} ${file.path}`);
  }
  if (!flags.git || dryRun) return 0;
  if (await commitFirst(directory, interrupt.signal)) say("committed to git, branch master");
  else say("git has commits of this project already: commit what was added");
  if (remote === undefined) return 0;
  await pushTo(directory, remote, interrupt.signal);
  say(`pushed to ${remote}`);
  return 0;
});
