#!/usr/bin/env node
// es-index: serves a directory of sdists and wheels as a package index, yanks and deletes some of them; lets pip use one.

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../lib/base/failure.js";
import { inPrivateFolder } from "../lib/base/private-folder.js";
import { hasCredentials } from "../lib/base/url.js";
import { type Invocation, run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { byteCount, caBundleOption, seconds, wholeNumber } from "../lib/flags.js";
import { runForeground } from "../lib/foreground.js";
import { isLoopback } from "../lib/index/access.js";
import { pipIndexes, pipVariables } from "../lib/index/pip.js";
import { Htpasswd } from "../lib/index/server/htpasswd.js";
import { indexServer, patienceOf } from "../lib/index/server/server.js";
import { Store } from "../lib/index/store/store.js";
import { unyank, yank } from "../lib/index/store/yanked.js";
import { filesNamed, projectNamed, releasesOf } from "../lib/index-releases.js";
import { readMetadataFile } from "../lib/package/core-metadata.js";
import { checkVerb, type Verb, verbNamed } from "../lib/verbs.js";
import { outdated } from "../lib/version/outdated.js";

const command = {
  name: "es-index",
  summary: "serve a directory of sdists and wheels as a package index",
  usage: [
    "[--bind ADDRESS] [--port PORT] [--htpasswd FILE [--private]] [--max-size N] [--upstream URL] [--patience S] DIR [-- COMMAND...]",
    "yank DIR PROJECT VERSION|FILENAME [--reason TEXT | --undo]",
    "prune DIR --keep N [PROJECT...]",
    "use [--index URL|NAME] [--ca-bundle FILE] -- COMMAND...",
  ],
  operands: [1, 10_000],
  command: true,
  timeout: 0,
  options: {
    bind: {
      value: "ADDRESS",
      help: "listen on this address (127.0.0.1); beyond loopback, uploads need --htpasswd",
    },
    port: { value: "PORT", help: "listen on this port (0, any that is free)" },
    htpasswd: { value: "FILE", help: "uploads need a user and password of this file (bcrypt only)" },
    private: { help: "pages and downloads need them, too" },
    "max-size": { value: "N[K|M|G]", help: "take no larger files than this" },
    upstream: { value: "URL", help: "send those who ask for projects that are not here to this index" },
    patience: { value: "S", help: "cut off clients of whom nothing comes for so many seconds (120)" },
    reason: { value: "TEXT", help: "yank: why, for those who install it all the same" },
    undo: { help: "yank: take the mark away again" },
    keep: { value: "N", help: "prune: so many of the newest versions of each project" },
    index: {
      value: "URL|NAME",
      help: "use: the index from which COMMAND's pip takes packages, and no other",
    },
    ...caBundleOption,
  },
} as const;

const serveFlags = ["bind", "port", "htpasswd", "private", "max-size", "upstream", "patience"];

type Line = Invocation<typeof command.options>;

/** A simple URL, ending in a slash, that everybody may know. */
function upstreamNamed(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
    throw new UsageError(`--upstream takes the simple URL of an index (http or https), not ${text}`);
  if (hasCredentials(text)) throw new UsageError("--upstream takes no password: everybody is sent there");
  return url.href.replace(/\/*$/, "/");
}

async function serve({ args, flags, rest, context }: Line): Promise<number> {
  const directory = resolve(args[0] as string);
  const bind = flags.bind ?? "127.0.0.1";
  const port = wholeNumber("--port", flags.port ?? "0", 0, 65_535);
  const most = flags["max-size"] === undefined ? undefined : byteCount("--max-size", flags["max-size"]);
  const upstream = upstreamNamed(flags.upstream);
  const patience = flags.patience === undefined ? {} : patienceOf(seconds("--patience", flags.patience));
  if (flags.private && flags.htpasswd === undefined) throw new UsageError("--private needs --htpasswd");
  const passwords =
    flags.htpasswd === undefined ? undefined : await Htpasswd.open(flags.htpasswd, context.warn);
  const store = new Store(directory, { readMetadata: readMetadataFile, ...(most && { most }) });
  await store.open({ make: true });
  const server = indexServer(store, {
    uploads: passwords !== undefined || isLoopback(bind),
    passwords,
    private: flags.private,
    upstream,
    most,
    patience,
    log: context.verbose ? (line) => context.show("es-index", line) : undefined,
  });
  const url = await server.listen(bind, port);
  context.say(`es-index: serving ${directory} at ${url}`);
  const { interrupt } = context;
  try {
    if (rest) return await runForeground(rest, { ESSAY_INDEX: url }, interrupt);
    if (!interrupt.received) await once(interrupt.signal, "abort");
    return 0;
  } finally {
    const cut = await server.close();
    if (cut > 0) context.warn(`cut off ${cut} requests that took too long to end`);
  }
}

async function yankFiles({ args, flags, context }: Line): Promise<number> {
  const [directory = "", name = "", wanted = ""] = args;
  if (flags.undo && flags.reason !== undefined) throw new UsageError("--undo takes no --reason");
  const reason = flags.reason ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(reason)) throw new UsageError("--reason takes one line of text");
  const store = new Store(resolve(directory));
  await store.open();
  const project = await projectNamed(store, name);
  const before = await store.yanked();
  const state = flags.undo ? "not yanked" : "yanked";
  for (const filename of await filesNamed(store, project, wanted)) {
    const is = flags.undo ? !before.has(filename) : before.get(filename) === reason;
    if (!is && !context.dryRun)
      await (flags.undo ? unyank(store.directory, filename) : yank(store.directory, filename, reason));
    const said = is ? `is ${state} already` : context.dryRun ? `would be ${state}` : state;
    context.say(`${filename}: ${said}`);
  }
  return 0;
}

async function prune({ args: [directory = "", ...names], flags, context }: Line): Promise<number> {
  if (flags.keep === undefined) throw new UsageError("prune needs --keep N");
  const keep = wholeNumber("--keep", flags.keep, 1);
  const store = new Store(resolve(directory));
  await store.open();
  const projects = new Set(names.length === 0 ? (await store.projects()).keys() : []);
  for (const name of names) projects.add(await projectNamed(store, name));
  for (const project of projects)
    for (const { filenames } of await outdated(await releasesOf(store, project), keep))
      for (const filename of filenames) {
        if (context.interrupt.received) return 1;
        if (!context.dryRun) await store.remove(filename);
        context.say(`${filename}: ${context.dryRun ? "would be deleted" : "deleted"}`);
      }
  return 0;
}

/** Runs a command for whose pip there is this index, and no other. */
async function use({ flags, rest, context }: Line): Promise<number> {
  if (rest === undefined) throw new UsageError("use runs a command: es-index use -- COMMAND");
  const settings = new Settings(await loadConfig(context));
  const access = settings.access("index", { flag: flags.index, ca: flags["ca-bundle"] });
  const index = await pipIndexes(context.warn)(access);
  return inPrivateFolder(async (folder) => {
    const netrc = index.netrc === undefined ? undefined : join(folder, "netrc");
    if (netrc !== undefined) writeFileSync(netrc, index.netrc ?? "", { mode: 0o600 });
    return runForeground(rest, { ESSAY_INDEX: index.url, ...pipVariables(index, netrc) }, context.interrupt);
  });
}

interface Does extends Verb {
  does(line: Line): Promise<number>;
}

/** Without a verb, a directory is served. */
const serving: Does = { does: serve, operands: [1, 1], flags: serveFlags, command: true };
const verbs: Readonly<Record<string, Does>> = {
  yank: { does: yankFiles, operands: [3, 3], flags: ["reason", "undo"] },
  prune: { does: prune, operands: [1, Number.POSITIVE_INFINITY], flags: ["keep"] },
  use: { does: use, operands: [0, 0], flags: ["index", "ca-bundle"], command: true },
};

run(command, async (line) => {
  const [first = "", ...others] = line.args;
  const isVerb = Object.hasOwn(verbs, first);
  // What has more than a directory is meant to be a verb.
  const verb = isVerb || line.args.length > 1 ? verbNamed(verbs, first) : serving;
  const args = isVerb ? others : line.args;
  checkVerb(isVerb ? first : "serving", verb, { ...line, args }, Object.keys(command.options));
  return verb.does({ ...line, args });
});
