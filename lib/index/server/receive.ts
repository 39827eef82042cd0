// An upload as it comes in: the multipart form of the legacy upload API, straight
// into the store.

import type { IncomingMessage } from "node:http";
import type { Readable, Writable } from "node:stream";
import { normaliseName, parseFilename } from "../../base/distribution.js";
import { Failure } from "../../base/failure.js";
import type { Incoming } from "../store/incoming.js";
import type { Store } from "../store/store.js";

/** The fields that are looked at; the metadata is in the file itself. */
const looked = new Set([":action", "name", "sha256_digest", "md5_digest", "blake2_256_digest"]);

/** A form as far as it has come. */
class Form {
  readonly fields = new Map<string, string>();
  filename = "";
  upload: Incoming | undefined;
  problem: unknown;
  /** Told of a problem as soon as there is one: the rest of the form need not come. */
  onProblem: (problem: unknown) => void = () => {};
  writing: Promise<void> = Promise.resolve();
  readonly #store: Store;
  #parts = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Has it be broken: the rest need not come. */
  refuse(problem: unknown): void {
    this.problem ??= problem;
    this.onProblem(problem);
  }

  /** A part with a file; what is not wanted is read and dropped. */
  take(name: string, content: Readable, filename: string): void {
    // Errors of the content come while nobody reads it, too, as of a part that is dropped and ends too early.
    content.on("error", () => {});
    if (name === "content") this.#parts++;
    if (name !== "content" || this.#parts > 1 || this.problem) content.resume();
    else
      this.writing = this.#write(content, filename).catch((error) => {
        content.resume();
        this.refuse(error);
      });
  }

  async #write(content: Readable, filename: string): Promise<void> {
    this.filename = filename;
    const chunks = content[Symbol.asyncIterator]();
    // SHA-256 tells by itself whether these are the bytes; to make others of 25 MB takes a tenth of a second each.
    const settled = Boolean(this.fields.get("sha256_digest"));
    this.upload = await this.#store.receive(filename, { settled });
    for (let next = await chunks.next(); !next.done; next = await chunks.next())
      await this.upload.write(next.value);
  }

  /** Makes the file visible, when all is as it should be. */
  async commit(): Promise<"uploaded" | "present"> {
    if (this.problem) throw this.problem;
    const action = this.fields.get(":action") ?? "file_upload";
    if (action !== "file_upload")
      throw new Failure("bad-form", `the action ${action} is not known here, only file_upload`);
    if (!this.upload || this.#parts !== 1)
      throw new Failure("bad-form", `the form has ${this.#parts} files in its field "content", not one`);
    const name = this.fields.get("name");
    const inFilename = parseFilename(this.filename)?.name ?? "";
    if (name !== undefined && normaliseName(name) !== normaliseName(inFilename))
      throw new Failure("bad-form", `${this.filename} is announced as a file of ${name}`);
    return this.upload.commit({
      sha256: this.fields.get("sha256_digest"),
      md5: this.fields.get("md5_digest"),
      blake2b: this.fields.get("blake2_256_digest"),
    });
  }
}

/**
 * Reads an upload and puts its file into the store; resolves when the file is visible and lasting. Throws
 * Failure: bad-form, and those of the store. Whatever goes wrong, nothing is left.
 */
export async function receiveUpload(
  request: IncomingMessage,
  store: Store,
): Promise<{ filename: string; outcome: "uploaded" | "present" }> {
  const { default: busboy } = await import("busboy");
  const form = new Form(store);
  try {
    const parser = parserOf(busboy, request);
    parser.on("field", (name, value) => {
      if (looked.has(name)) form.fields.set(name, value);
    });
    parser.on("file", (name, content, { filename }) => {
      form.take(name, content, filename ?? "");
      if (isOver(parser))
        form.refuse(new Failure("bad-form", "the form is broken: it goes on behind its end"));
    });
    await feed(request, parser, form);
    await form.writing;
    return { filename: form.filename, outcome: await form.commit() };
  } finally {
    await form.writing;
    await form.upload?.discard();
  }
}

/**
 * Whether the parser has read the end of the form. A part that stands behind that, in one chunk with it, is read all the
 * same, and where it has no end of its own the parser waits for ever.
 */
const isOver = (parser: Writable & { _complete?: boolean }) => parser._complete === true;

/** The body through the parser. The request outlives a broken form: somebody waits for its answer. */
function feed(request: IncomingMessage, parser: Writable, form: Form): Promise<void> {
  return new Promise((resolve, reject) => {
    form.onProblem = (problem) => {
      request.unpipe(parser);
      parser.destroy();
      reject(problem);
    };
    parser.on("error", (error) => {
      form.problem ??= new Failure("bad-form", `the form is broken: ${error.message}`);
      // It goes on by itself with what it has; a file that it begins then would never end.
      parser.destroy();
      reject(form.problem);
    });
    parser.on("close", resolve);
    request.on("close", () => {
      if (!request.complete) parser.destroy(new Error("the body was cut off"));
    });
    request.pipe(parser);
  });
}

function parserOf(busboy: typeof import("busboy"), request: IncomingMessage): import("busboy").Busboy {
  try {
    return busboy({
      headers: request.headers,
      // With a path cut off silently, a name that climbs out would be taken for another.
      preservePath: true,
      // Of most fields nothing is wanted, however long they are.
      limits: { fields: 10_000, fieldSize: 64 * 1024, files: 4 },
    });
  } catch (error) {
    throw new Failure("bad-form", `no multipart form: ${(error as Error).message}`);
  }
}
