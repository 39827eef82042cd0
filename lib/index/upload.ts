// Uploading files to a package index by the legacy upload API, safe to repeat: the
// index is asked before, and again when something went wrong.

import { readSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pause } from "../base/abort.js";
import { milliseconds } from "../base/clock.js";
import { normaliseName, parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import type { ReleaseFile, Upload } from "../base/schema.js";
import { type IndexFile, projectFiles } from "./client.js";
import type { Credentials } from "./credentials.js";
import { Digests, type DigestTexts, digestNames } from "./digests.js";
import { type MetadataField, uploadForm } from "./form.js";
import { readChunks, readText, request } from "./http.js";
import { refusal } from "./refusal.js";
import { mayPass, pauseAfter } from "./retry.js";
import type { Destination } from "./target.js";

const pauses = [500, 1000, 2000, 4000];
const chunkSize = 256 * 1024;

/** How an index is looked into for files. */
export interface Looking {
  /** Tells which files are of the release itself, and not of what it depends on; without it, all are. */
  isOwn?(file: ReleaseFile): boolean;
  signal?: AbortSignal | undefined;
}

/** How files are to be uploaded. */
export interface Manner extends Looking {
  /** Gives the fields of a file's PKG-INFO or METADATA. */
  metadata(file: ReleaseFile): Promise<readonly MetadataField[]>;
  /** Whether it is a failure that a file of the release itself is there already, although with the same bytes. */
  mustBeNew?: boolean;
  /** Hears how many bytes of a file have been sent. */
  progress?: ((file: ReleaseFile, sent: number) => void) | undefined;
}

/** A file that the index has. */
export interface Sent {
  file: ReleaseFile;
  outcome: Upload["outcome"];
  /** Undefined where the index was not yet seen to list it. */
  url: string | undefined;
}

function changed(file: ReleaseFile): Failure {
  return new Failure(
    "file-changed",
    `${file.path} is not the file that the record describes: it was changed after it was built`,
  );
}

function unreadable(file: ReleaseFile, error: unknown): Failure {
  return new Failure("no-file", `${file.path} cannot be read: ${(error as Error).message}`);
}

const isOwn = (file: ReleaseFile, how: Looking) => how.isOwn?.(file) !== false;

/** What it is called when the index has other bytes under a file's name. */
const conflicts = ["already-exists", "dependency-differs"];

/** Other bytes have the name: the release's number is taken, unless it is a file that the release depends on. */
function conflict(file: ReleaseFile, to: Destination, how: Looking): Failure {
  const there = `${to.simple} has ${file.filename} already, with other bytes; a published file never changes`;
  return isOwn(file, how)
    ? new Failure("already-exists", `${there}, so give a new version`)
    : new Failure("dependency-differs", `${there}, so build the release with the one that is there`);
}

/** The file's bytes, and at the end their digests. Throws Failure "file-changed" when they are not the record's. */
async function* readChecked(
  file: ReleaseFile,
  progress: Manner["progress"],
): AsyncGenerator<Buffer, DigestTexts> {
  const digests = await Digests.start(digestNames);
  const handle = await open(file.path).catch((error) => {
    throw unreadable(file, error);
  });
  // In turn: one is sent while the other one is filled.
  const buffers = [Buffer.alloc(chunkSize), Buffer.alloc(chunkSize)] as const;
  const next = (buffer: Buffer) => {
    try {
      // At once: the file was just built, and to have it read by another thread takes longer than to read it.
      return buffer.subarray(0, readSync(handle.fd, buffer));
    } catch (error) {
      throw unreadable(file, error);
    }
  };
  let size = 0;
  try {
    for (let i = 0; ; i++) {
      const chunk = next(i % 2 === 0 ? buffers[0] : buffers[1]);
      size += chunk.length;
      if (chunk.length === 0 || size > file.size) break;
      digests.update(chunk);
      yield chunk;
      progress?.(file, size);
    }
  } finally {
    await handle.close();
  }
  const texts = digests.end();
  if (size !== file.size || texts.sha256 !== file.sha256) throw changed(file);
  return texts;
}

/** What can be known of a file without reading it: its name and its size are those of the record. */
async function checkFile(file: ReleaseFile): Promise<void> {
  const stats = await stat(file.path).catch((error) => {
    throw unreadable(file, error);
  });
  // To open a pipe would wait for whoever writes to it.
  if (!stats.isFile() || stats.size !== file.size) throw changed(file);
}

/** The metadata; where it cannot be read, a file that was changed is told as such. */
async function metadataOf(file: ReleaseFile, manner: Manner): Promise<readonly MetadataField[]> {
  try {
    return await manner.metadata(file);
  } catch (error) {
    for await (const _ of readChecked(file, undefined));
    throw error;
  }
}

/** Sends the file once; what the index says of it, where it says whether the file was new. */
async function post(
  file: ReleaseFile,
  metadata: readonly MetadataField[],
  to: Destination,
  credentials: Credentials | undefined,
  manner: Manner,
): Promise<string | undefined> {
  const { progress, signal } = manner;
  const { type, body } = uploadForm(file, metadata, readChecked(file, progress));
  const answer = await request(to.upload, {
    ...to.way,
    method: "POST",
    headers: { "content-type": type },
    body,
    credentials,
    signal,
  });
  const text = await readText(answer, 1024 * 1024, signal).catch(() => "");
  if (answer.status < 200 || answer.status >= 300)
    throw refusal(file, answer, text, { known: credentials !== undefined, own: isOwn(file, manner) });
  const outcome = answer.headers["essay-outcome"];
  return typeof outcome === "string" ? outcome : undefined;
}

/** The file's digest on the index; where the index does not tell it, of what it serves. */
async function digestOf(there: IndexFile, to: Destination, signal?: AbortSignal): Promise<string> {
  if (there.sha256 !== undefined) return there.sha256;
  const ours = new URL(there.url).origin === new URL(to.simple).origin;
  const answer = await request(there.url, {
    ...to.way,
    signal,
    credentials: ours ? to.forLookUp.credentials : undefined,
  });
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for await (const chunk of readChunks(answer, signal)) hash.update(chunk);
  if (answer.status !== 200)
    throw new Failure(`http-${answer.status}`, `${there.url} answers ${answer.status} ${answer.reason}`);
  return hash.digest("hex");
}

/** Files of the same project, which an index lists on one page. */
function byProject(files: readonly ReleaseFile[]): Map<string, ReleaseFile[]> {
  const projects = new Map<string, ReleaseFile[]>();
  for (const file of files) {
    const name = normaliseName(file.name);
    projects.set(name, [...(projects.get(name) ?? []), file]);
  }
  return projects;
}

/**
 * Those of the files that the index lists, by their names. Throws Failure "already-exists" or "dependency-differs"
 * when other bytes have the name of one there, and those of `projectFiles`.
 */
async function findListed(
  files: readonly ReleaseFile[],
  to: Destination,
  how: Looking,
): Promise<Map<string, IndexFile>> {
  const { signal } = how;
  const found = new Map<string, IndexFile>();
  for (const [project, wanted] of byProject(files)) {
    const listed = await to.forLookUp.as(
      (credentials) => projectFiles({ url: to.simple, ...to.way }, project, { signal, credentials }),
      signal,
    );
    for (const file of wanted) {
      const there = listed.find(({ filename }) => filename === file.filename);
      if (!there) continue;
      if ((await digestOf(there, to, signal)) !== file.sha256) throw conflict(file, to, how);
      found.set(file.filename, there);
    }
  }
  return found;
}

const mustBeNew = (file: ReleaseFile, manner: Manner) => manner.mustBeNew === true && isOwn(file, manner);

/** As `findListed`, before anything is sent: a file that must be new and is there is a failure. */
export async function findBefore(
  files: readonly ReleaseFile[],
  to: Destination,
  manner: Manner,
): Promise<Map<string, IndexFile>> {
  const there = await findListed(files, to, manner);
  const old = files.find((file) => there.has(file.filename) && mustBeNew(file, manner));
  if (old)
    throw new Failure(
      "already-exists",
      `${to.simple} has ${old.filename} already, with the same bytes; a new release needs a new version`,
    );
  return there;
}

/** What to make of a file that is there now, with the same bytes, after it was sent. */
function outcomeOf(file: ReleaseFile, to: Destination, outcome: Upload["outcome"], manner: Manner) {
  if (!mustBeNew(file, manner)) return outcome;
  throw new Failure(
    "already-exists",
    `${to.upload} has ${file.filename} already, with the same bytes: whether from here or from another build cannot be told`,
  );
}

/** Sends the file until the index has it. What may pass is tried again; every failure is looked into first. */
async function send(file: ReleaseFile, to: Destination, manner: Manner): Promise<Upload["outcome"]> {
  const { signal } = manner;
  const metadata = await metadataOf(file, manner);
  for (let attempt = 0; ; attempt++) {
    let problem: unknown;
    try {
      const told = await to.forUpload.as(
        (credentials) => post(file, metadata, to, credentials, manner),
        signal,
      );
      if (told !== "present") return "uploaded";
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Failure && ["file-changed", "no-file", "auth-failed"].includes(error.code))
        throw error;
      problem = error;
    }
    // An attempt before this one may have landed, though its answer got lost.
    if (problem === undefined) return outcomeOf(file, to, attempt > 0 ? "uploaded" : "present", manner);
    // The answer may be lost and the file there; or another was quicker with the same file.
    const there = await findListed([file], to, manner).catch((other) => {
      throw other instanceof Failure && conflicts.includes(other.code) ? other : problem;
    });
    if (there.size > 0) return outcomeOf(file, to, mayPass(problem) ? "uploaded" : "present", manner);
    const ms = pauses[attempt];
    if (ms === undefined || !mayPass(problem)) throw problem;
    await pause(pauseAfter(problem, ms), signal);
  }
}

/**
 * Makes sure that the index has the files, in their order; nothing is sent when one of them cannot be. Throws
 * Failure: bad-name, no-file, file-changed (the file is not the one of the record), already-exists, dependency-differs,
 * auth-failed, redirected, http-NNN, and those of `request` and `projectFiles`.
 */
export async function uploadFiles(
  files: readonly ReleaseFile[],
  to: Destination,
  manner: Manner,
): Promise<Sent[]> {
  for (const { filename, name } of files)
    if (!parseFilename(filename, name))
      throw new Failure("bad-name", `${filename} is no name of an sdist or wheel of ${name}`);
  const there = await findBefore(files, to, manner);
  for (const file of files) if (!there.has(file.filename)) await checkFile(file);
  const sent: Sent[] = [];
  for (const file of files) {
    const url = there.get(file.filename)?.url;
    sent.push({ file, outcome: url === undefined ? await send(file, to, manner) : "present", url });
  }
  return sent;
}

/**
 * Waits until the index lists the files; resolves to them by their names. Throws Failure "not-listed" after
 * `patience` milliseconds.
 */
export async function waitUntilListed(
  files: readonly ReleaseFile[],
  to: Destination,
  patience: number,
  how: Looking = {},
): Promise<Map<string, IndexFile>> {
  const started = milliseconds();
  const listed = new Map<string, IndexFile>();
  for (let ms = 100; ; ms = Math.min(ms * 2, 5000)) {
    const missing = files.filter(({ filename }) => !listed.has(filename));
    for (const [name, file] of await findListed(missing, to, how)) listed.set(name, file);
    const late = files.find(({ filename }) => !listed.has(filename));
    if (!late) return listed;
    if (milliseconds() - started + ms > patience)
      throw new Failure(
        "not-listed",
        `${late.filename} is uploaded to ${to.upload}, but ${to.simple} does not list it after ${patience / 1000} s; --no-wait does not wait for it`,
      );
    await pause(ms, how.signal);
  }
}
