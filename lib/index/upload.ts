// Uploading a file to a package index by the legacy upload API, safe to repeat: the
// index is asked before, and again when something went wrong.

import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { pause } from "../base/abort.js";
import { parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import type { ReleaseFile, Upload } from "../base/schema.js";
import { type IndexFile, projectFiles } from "./client.js";
import { type Answer, type Body, readChunks, readText, request } from "./http.js";
import { mayPass } from "./retry.js";
import type { Destination } from "./target.js";

const pauses = [500, 1000, 2000, 4000];
const chunkSize = 1024 * 1024;

/** Reads the file as the record describes it. Throws Failure "hash-mismatch" when it is another by now. */
async function* readChecked(file: ReleaseFile): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(file.path, { highWaterMark: chunkSize })) {
    size += chunk.length;
    if (size > file.size) break;
    hash.update(chunk);
    yield chunk;
  }
  if (size !== file.size || hash.digest("hex") !== file.sha256)
    throw new Failure(
      "hash-mismatch",
      `${file.path} is not the file that the record describes: it was changed after it was built`,
    );
}

async function md5Of(file: ReleaseFile): Promise<string> {
  await access(file.path).catch((error: Error) => {
    throw new Failure("no-file", `${file.path} cannot be read: ${error.message}`);
  });
  const hash = createHash("md5");
  for await (const chunk of readChecked(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** The form's name of a metadata field: `Requires-Dist` is `requires_dist`; two have a plural. */
function fieldName(name: string): string {
  const field = name.toLowerCase().replaceAll("-", "_");
  return field === "classifier" ? "classifiers" : field === "project_url" ? "project_urls" : field;
}

/** The fields of the form, other than the file. */
function formFields(
  file: ReleaseFile,
  md5: string,
  metadata: readonly (readonly [string, string])[],
): [string, string][] {
  const described = metadata.map(([name, value]): [string, string] => [fieldName(name), value]);
  const missing = (name: string) => !described.some(([field]) => field === name);
  const needed: [string, string][] = [
    ["metadata_version", "1.0"],
    ["name", file.name],
    ["version", file.version],
  ];
  return [
    [":action", "file_upload"],
    ["protocol_version", "1"],
    ["filetype", file.kind === "wheel" ? "bdist_wheel" : "sdist"],
    ["pyversion", file.kind === "wheel" ? (file.filename.split("-").at(-3) ?? "") : "source"],
    ["md5_digest", md5],
    ["sha256_digest", file.sha256],
    ...needed.filter(([name]) => missing(name)),
    ...described,
  ];
}

/** The form as multipart/form-data (RFC 7578): all but the file is made beforehand, so its length is known. */
function multipart(file: ReleaseFile, fields: [string, string][]): { type: string; body: Body } {
  const boundary = `essay-${randomBytes(16).toString("hex")}`;
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = Buffer.from(
    `${parts.join("")}--${boundary}\r\nContent-Disposition: form-data; name="content"; filename="${file.filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* chunks() {
    yield head;
    yield* readChecked(file);
    yield tail;
  }
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: { length: head.length + file.size + tail.length, chunks: chunks() },
  };
}

/** Why an index has refused an upload, and the way on. */
function explain(file: ReleaseFile, to: Destination, answer: Answer, text: string): Failure {
  const { status, reason, headers } = answer;
  const said = [reason, /^text\/plain/.test(headers["content-type"] ?? "") ? text.trim().slice(0, 300) : ""]
    .filter((part, index, all) => part !== "" && all.indexOf(part) === index)
    .join(": ");
  const plain = `${to.upload} answers ${status} ${said}`.trimEnd();
  const refused = (sentence: string, code = `http-${status}`) => new Failure(code, `${plain}; ${sentence}`);
  if (status >= 300 && status < 400)
    return refused(
      `uploads are not sent on; name the URL itself: ${headers.location ?? "it is not said which"}`,
    );
  if (status === 401)
    return refused(
      to.forUpload
        ? "it does not take the user name and password given"
        : "it wants a user name and password: ~/.netrc, ~/.pypirc, TWINE_USERNAME and TWINE_PASSWORD are the places for them",
      "auth-failed",
    );
  if (status === 403) return refused(`the account may not upload ${file.filename} there`);
  if (status === 404 || status === 405) return refused("is this the index's upload URL?");
  if (status === 413)
    return refused(
      `${file.filename} has ${file.size} bytes; a server before the index may have to allow that`,
    );
  return new Failure(`http-${status}`, plain);
}

async function post(
  file: ReleaseFile,
  to: Destination,
  fields: [string, string][],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { type, body } = multipart(file, fields);
  const answer = await request(to.upload, {
    ...to.way,
    method: "POST",
    headers: { "content-type": type },
    body,
    credentials: to.forUpload,
    signal,
  });
  const text = await readText(answer, 1024 * 1024, signal).catch(() => "");
  if (answer.status < 200 || answer.status >= 300) throw explain(file, to, answer, text);
}

/** The file's digest on the index; where the index does not tell it, of what it serves. */
async function digestOf(there: IndexFile, to: Destination, signal?: AbortSignal): Promise<string> {
  if (there.sha256 !== undefined) return there.sha256;
  const ours = new URL(there.url).origin === new URL(to.simple).origin;
  const answer = await request(there.url, {
    ...to.way,
    signal,
    credentials: ours ? to.forLookUp : undefined,
  });
  const hash = createHash("sha256");
  for await (const chunk of readChunks(answer, signal)) hash.update(chunk);
  if (answer.status !== 200)
    throw new Failure(`http-${answer.status}`, `${there.url} answers ${answer.status} ${answer.reason}`);
  return hash.digest("hex");
}

/**
 * The file as the index lists it, undefined where it does not. Throws Failure "already-exists" when other bytes
 * have its name there, and those of `projectFiles`.
 */
export async function findListed(
  file: ReleaseFile,
  to: Destination,
  signal?: AbortSignal,
): Promise<IndexFile | undefined> {
  const files = await projectFiles({ url: to.simple, ...to.way }, file.name, {
    signal,
    credentials: to.forLookUp,
  });
  const there = files.find(({ filename }) => filename === file.filename);
  if (there && (await digestOf(there, to, signal)) !== file.sha256)
    throw new Failure(
      "already-exists",
      `${to.simple} has ${file.filename} already, with other bytes; a published file never changes, so give a new version`,
    );
  return there;
}

/** Sends the file until the index has it. What may pass is tried again; every failure is looked into first. */
async function send(
  file: ReleaseFile,
  to: Destination,
  fields: [string, string][],
  signal: AbortSignal | undefined,
): Promise<"uploaded" | "present"> {
  for (let attempt = 0; ; attempt++) {
    try {
      await post(file, to, fields, signal);
      return "uploaded";
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Failure && ["hash-mismatch", "auth-failed"].includes(error.code)) throw error;
      // The answer may be lost and the file there; or another was quicker with the same file.
      const there = await findListed(file, to, signal).catch((other) => {
        throw other instanceof Failure && other.code === "already-exists" ? other : error;
      });
      if (there) return mayPass(error) ? "uploaded" : "present";
      const ms = pauses[attempt];
      if (ms === undefined || !mayPass(error)) throw error;
      await pause(ms, signal);
    }
  }
}

/**
 * Makes sure that the index has the file; the URL is there when the index lists it already. `metadata` gives the
 * fields of its PKG-INFO or METADATA, when they are needed. Throws Failure: bad-name, no-file, hash-mismatch (the
 * file is not the one of the record), already-exists, auth-failed, http-NNN, and those of `request` and `projectFiles`.
 */
export async function uploadFile(
  file: ReleaseFile,
  metadata: () => Promise<readonly (readonly [string, string])[]>,
  to: Destination,
  signal?: AbortSignal,
): Promise<{ outcome: Upload["outcome"]; url: string | undefined }> {
  if (!parseFilename(file.filename, file.name))
    throw new Failure("bad-name", `${file.filename} is no name of an sdist or wheel of ${file.name}`);
  const md5 = await md5Of(file);
  const there = await findListed(file, to, signal);
  if (there) return { outcome: "present", url: there.url };
  const fields = formFields(file, md5, await metadata());
  return { outcome: await send(file, to, fields, signal), url: undefined };
}

/**
 * Waits until the index lists the file, and resolves to its URL. Throws Failure "not-listed" after `patience`
 * milliseconds.
 */
export async function waitUntilListed(
  file: ReleaseFile,
  to: Destination,
  patience: number,
  signal?: AbortSignal,
): Promise<string> {
  const started = performance.now();
  for (let ms = 100; ; ms = Math.min(ms * 2, 5000)) {
    const there = await findListed(file, to, signal);
    if (there) return there.url;
    if (performance.now() - started + ms > patience)
      throw new Failure(
        "not-listed",
        `${file.filename} is uploaded to ${to.upload}, but ${to.simple} does not list it after ${patience / 1000} s; --no-wait does not wait for it`,
      );
    await pause(ms, signal);
  }
}
