// What an index says of files that came from it.

import { normaliseName } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { Gate } from "../base/gate.js";
import { splitCredentials } from "../base/url.js";
import type { Access } from "./access.js";
import { type IndexFile, projectFiles } from "./client.js";

/** Projects that are asked for at once. */
const atOnce = 8;

/** An index whose pages are read once each. */
export class Listing {
  readonly #index: Access;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Promise<IndexFile[]>>();
  readonly #gate = new Gate(atOnce);
  /** The simple URL, without credentials. */
  readonly url: string;

  constructor(index: Access, signal: AbortSignal) {
    this.#index = index;
    this.#signal = signal;
    this.url = splitCredentials(index.url).url;
  }

  /** The files of a project, none for an unknown one. Throws Failure as `projectFiles` does. */
  files(project: string): Promise<IndexFile[]> {
    const name = normaliseName(project);
    const known = this.#known.get(name) ?? this.#ask(name);
    this.#known.set(name, known);
    return known;
  }

  async #ask(name: string): Promise<IndexFile[]> {
    const place = await this.#gate.enter(this.#signal);
    try {
      return await projectFiles(this.#index, name, { signal: this.#signal });
    } finally {
      place.leave();
    }
  }

  /**
   * The file as the index lists it; its digest there is the given one, or the index tells none. Throws Failure
   * "hash-mismatch", and "not-listed" for a file that the index does not list.
   */
  async check(file: { filename: string; name: string; sha256: string }): Promise<IndexFile> {
    const listed = (await this.files(file.name)).find(({ filename }) => filename === file.filename);
    if (!listed)
      throw new Failure("not-listed", `${this.url} does not list ${file.filename}, which came from there`);
    if (listed.sha256 !== undefined && listed.sha256 !== file.sha256)
      throw new Failure(
        "hash-mismatch",
        `${file.filename} came with other bytes than ${this.url} lists (SHA-256 ${file.sha256}, not ${listed.sha256}): nothing was kept`,
      );
    return listed;
  }
}
