// Writing records: a line at a time, no faster than the reader takes them, and aware of a reader that went.

import { once } from "node:events";
import type { Writable } from "node:stream";

/** What a write to a pipe, and to the socket that Node puts in its place, says of a reader that went. */
const readerGone = ["EPIPE", "ECONNRESET"];

/** Where records go. When they cannot go there any more, `closed` is true and they are counted, not written. */
export class RecordWriter {
  closed = false;
  /** Why it is closed, where it is not for a reader that went: a full disk, say. */
  trouble: string | undefined;
  /** Labels of the records that were not written. */
  readonly unread: string[] = [];
  readonly #output: Writable;

  constructor(output: Writable) {
    this.#output = output;
    output.on("error", (error) => this.#close(error));
  }

  #close(error: NodeJS.ErrnoException): void {
    this.closed = true;
    if (!readerGone.includes(error.code ?? "")) this.trouble ??= error.message;
  }

  /** Writes a text and a line break; `labels` name the records in it. Resolves when it has been taken. */
  async write(text: string, ...labels: string[]): Promise<void> {
    if (!this.closed) {
      const error = await new Promise<Error | null | undefined>((resolve) => {
        this.#output.write(`${text}\n`, resolve);
      });
      if (!error) return;
      this.#close(error);
    }
    this.unread.push(...labels);
  }

  /** Resolves when everything written has left the process. */
  async end(): Promise<void> {
    if (!this.closed && this.#output.writableNeedDrain)
      await Promise.race([once(this.#output, "drain"), once(this.#output, "close")]);
  }
}
