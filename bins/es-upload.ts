#!/usr/bin/env node
// es-upload: uploads the files of release records to a package index; safe to run twice.

import { normaliseName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import type { RecordWith, ReleaseFile, Upload } from "../lib/base/schema.js";
import { type Context, run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { type Said, Settings } from "../lib/config/settings.js";
import { caBundleOption } from "../lib/flags.js";
import { repositoryNamed } from "../lib/index/credentials.js";
import { Typed } from "../lib/index/login.js";
import { type Destination, openDestination } from "../lib/index/target.js";
import { findBefore, type Manner, uploadFiles, waitUntilListed } from "../lib/index/upload.js";
import { readMetadata } from "../lib/package/core-metadata.js";
import { eachRecord } from "../lib/step.js";
import type { Done } from "../lib/step-run.js";

const command = {
  name: "es-upload",
  summary: "upload the files of release records to a package index",
  usage: ["[--index URL|NAME | --repository NAME] [--ca-bundle FILE] [--new] [--no-wait]"],
  operands: [0, 0],
  options: {
    index: {
      value: "URL|NAME",
      help: "the index, by its simple or upload URL, or by its name in essay.toml",
    },
    repository: { short: "r", value: "NAME", help: "the index, by its name in ~/.pypirc" },
    ...caBundleOption,
    new: { help: "fail when a file of the project is there already, even the same one" },
    "no-wait": { help: "do not wait until the index lists the files" },
  },
} as const;

/** How long an index may take to list what it has taken, in milliseconds. */
const patience = 120_000;

/** Files from this size on, in bytes, have their progress shown. */
const large = 1024 * 1024;

/** Whether a file is one of the project's own, not of what it depends on. */
function isOf(project: string | undefined, file: ReleaseFile): boolean {
  return project === undefined || normaliseName(file.name) === normaliseName(project);
}

/** What is installed is taken first: wheels before sdists. */
function inOrder(files: readonly ReleaseFile[]): ReleaseFile[] {
  return [...files.filter(({ kind }) => kind === "wheel"), ...files.filter(({ kind }) => kind !== "wheel")];
}

/**
 * The project's own sdist before all others: it has the same name whoever builds, so of those who have the same
 * number only one can send it. Wheels may have tags that differ, and the loser's would stay there.
 */
function withClaimFirst(files: readonly ReleaseFile[], isOwn: (file: ReleaseFile) => boolean): ReleaseFile[] {
  const claims = (file: ReleaseFile) => file.kind === "sdist" && isOwn(file);
  return [...files.filter(claims), ...inOrder(files.filter((file) => !claims(file)))];
}

function showProgress(context: Context, { filename, size }: ReleaseFile, sent: number): void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const percent = Math.floor((sent / size) * 100);
  if (size >= large)
    context.progress(() => `${filename}  ${megabytes(sent)} of ${megabytes(size)} MB  ${percent} %`);
}

async function plan(files: readonly ReleaseFile[], to: Destination, manner: Manner): Promise<Done> {
  const there = await findBefore(files, to, manner);
  const absent = files.filter(({ filename }) => !there.has(filename)).map(({ filename }) => filename);
  const said = absent.length ? `would upload ${absent.join(", ")}` : "all files are there";
  return { fields: { index: to.simple }, changed: absent.length > 0, said: `${said} (${to.simple})` };
}

/** Sends what is absent, then looks for it on the index. */
async function upload(
  files: readonly ReleaseFile[],
  to: Destination,
  wait: boolean,
  manner: Manner,
): Promise<Done> {
  const sent = await uploadFiles(files, to, manner);
  const unseen = sent.filter(({ url }) => url === undefined).map(({ file }) => file);
  const listed = wait ? await waitUntilListed(unseen, to, patience, manner) : undefined;
  const uploaded = sent.map(({ file: { filename, name }, outcome, url }) => {
    const page = `${to.simple}${normaliseName(name)}/`;
    return { filename, url: url ?? listed?.get(filename)?.url ?? page, outcome } satisfies Upload;
  });
  const fresh = uploaded.filter(({ outcome }) => outcome === "uploaded").map(({ filename }) => filename);
  const said = fresh.length ? `${fresh.join(", ")} uploaded` : "all files were there";
  return {
    fields: { index: to.simple, uploaded },
    changed: fresh.length > 0,
    said: `${said} (${to.simple})`,
  };
}

run(command, async ({ flags, context }) => {
  if (flags.index !== undefined && flags.repository !== undefined)
    throw new UsageError("--index and --repository both name the index");
  const named = flags.repository === undefined ? undefined : await repositoryNamed(flags.repository);
  const settings = new Settings(await loadConfig(context));
  const typed = new Typed(context.ask);
  const said = { flag: flags.index ?? named?.url, ca: flags["ca-bundle"] ?? named?.ca };
  const destination = (said: Said) => {
    const index = settings.find("index", said) === undefined ? undefined : settings.access("index", said);
    return openDestination(settings.access("uploadIndex", said), index, typed, named);
  };
  // What is wrong with flags, configuration and .pypirc is said before any record is read.
  if (settings.find("uploadIndex", said) !== undefined) await destination(said);
  return eachRecord(context, {
    reads: ["project", "files", "index"],
    async work(record: RecordWith<"project" | "files" | "index">, { plan: planned, signal }) {
      const to = await destination({ ...said, record: record.index });
      const isOwn = (file: ReleaseFile) => isOf(record.project, file);
      const made = record.files ?? [];
      const files = flags.new ? withClaimFirst(made, isOwn) : inOrder(made);
      if (files.length === 0 && planned)
        return { changed: true, said: `would upload what was built (${to.simple})` };
      if (files.length === 0)
        throw new Failure("no-files", "the record names no files; es-sdist and es-wheel make them");
      const manner: Manner = {
        metadata: ({ path, kind }) => readMetadata(path, kind),
        isOwn,
        mustBeNew: flags.new,
        progress: (file, sent) => showProgress(context, file, sent),
        signal,
      };
      return planned ? plan(files, to, manner) : upload(files, to, !flags["no-wait"], manner);
    },
  });
});
