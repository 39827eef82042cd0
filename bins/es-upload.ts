#!/usr/bin/env node
// es-upload: uploads the files of release records to a package index; safe to run twice.

import { normaliseName } from "../lib/base/distribution.js";
import { Failure } from "../lib/base/failure.js";
import type { RecordWith, ReleaseFile, Upload } from "../lib/base/schema.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { caBundleOption } from "../lib/flags.js";
import { type Destination, openDestination } from "../lib/index/target.js";
import { findListed, uploadFile, waitUntilListed } from "../lib/index/upload.js";
import { readMetadata } from "../lib/package/core-metadata.js";
import { type Done, eachRecord, type Task } from "../lib/step.js";

const command = {
  name: "es-upload",
  summary: "upload the files of release records to a package index",
  usage: ["[--index URL|NAME] [--ca-bundle FILE] [--no-wait]"],
  operands: [0, 0],
  options: {
    index: {
      value: "URL|NAME",
      help: "the index, by its simple or upload URL, or by its name in essay.toml",
    },
    ...caBundleOption,
    "no-wait": { help: "do not wait until the index lists the files" },
  },
} as const;

/** How long an index may take to list what it has taken, in milliseconds. */
const patience = 120_000;

async function destinationOf(
  settings: Settings,
  said: { flag: string | undefined; record: string | undefined; ca: string | undefined },
) {
  const upload = settings.access("uploadIndex", said);
  const index = settings.find("index", said) === undefined ? undefined : settings.access("index", said);
  return openDestination(upload, index);
}

/** What is installed is taken first: wheels before sdists. */
function inOrder(files: readonly ReleaseFile[]): ReleaseFile[] {
  return [...files.filter(({ kind }) => kind === "wheel"), ...files.filter(({ kind }) => kind !== "wheel")];
}

async function plan(files: readonly ReleaseFile[], to: Destination, signal: AbortSignal): Promise<Done> {
  const absent: string[] = [];
  for (const file of files) if (!(await findListed(file, to, signal))) absent.push(file.filename);
  const said = absent.length ? `would upload ${absent.join(", ")}` : "all files are there";
  return { fields: { index: to.simple }, changed: absent.length > 0, said: `${said} (${to.simple})` };
}

/** Sends what is absent, then looks for it on the index. */
async function upload(
  files: readonly ReleaseFile[],
  to: Destination,
  wait: boolean,
  signal: AbortSignal,
): Promise<Upload[]> {
  const sent: { file: ReleaseFile; outcome: Upload["outcome"]; url: string | undefined }[] = [];
  for (const file of files)
    sent.push({ file, ...(await uploadFile(file, () => readMetadata(file.path, file.kind), to, signal)) });
  const uploaded: Upload[] = [];
  for (const { file, outcome, url } of sent) {
    const listed = wait && url === undefined ? await waitUntilListed(file, to, patience, signal) : url;
    const page = `${to.simple}${normaliseName(file.name)}/`;
    uploaded.push({ filename: file.filename, url: listed ?? page, outcome });
  }
  return uploaded;
}

async function work(
  files: readonly ReleaseFile[],
  to: Destination,
  wait: boolean,
  task: Task,
): Promise<Done> {
  if (task.plan) return plan(files, to, task.signal);
  const uploaded = await upload(files, to, wait, task.signal);
  const sent = uploaded.filter(({ outcome }) => outcome === "uploaded").map(({ filename }) => filename);
  const said = sent.length ? `${sent.join(", ")} uploaded` : "all files were there";
  return {
    fields: { index: to.simple, uploaded: uploaded.map((each) => ({ ...each })) },
    changed: sent.length > 0,
    said: `${said} (${to.simple})`,
  };
}

await run(command, async ({ flags, context }) => {
  const settings = new Settings(await loadConfig(context));
  const said = { flag: flags.index, record: undefined, ca: flags["ca-bundle"] };
  // What is wrong with flags, configuration and .pypirc is said before any record is read.
  if (settings.find("uploadIndex", said) !== undefined) await destinationOf(settings, said);
  return eachRecord(context, {
    reads: ["files", "index"],
    async work(record: RecordWith<"files" | "index">, task) {
      const to = await destinationOf(settings, { ...said, record: record.index });
      const files = inOrder(record.files ?? []);
      if (files.length > 0) return work(files, to, !flags["no-wait"], task);
      if (task.plan) return { changed: true, said: `would upload what was built (${to.simple})` };
      throw new Failure("no-files", "the record names no files; es-sdist and es-wheel make them");
    },
  });
});
