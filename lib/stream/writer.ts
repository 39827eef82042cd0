// Writing records: a line at a time, no faster than the reader takes them, and aware of a reader that went.

import { once } from "node:events";
import type { Writable } from "node:stream";

/** What a write to a pipe, and to the socket that Node puts in its place, says of a reader that went. */
const readerGone = ["EPIPE", "ECONNRESET"];

/** Where records go. After the reader has closed its end, `closed` is true and lines are counted, not written. */
export class RecordWriter {
  closed = false;
  /** Labels of the records that found no reader. */
  readonly unread: string[] = [];
  readonly #output: Writable;

  constructor(output: Writable) {
    this.#output = output;
    output.on("error", (error: NodeJS.ErrnoException) => {
      if (!readerGone.includes(error.code ?? "")) throw error;
      this.closed = true;
    });
  }

  /** Writes one record's text; `label` names it should it be lost. Resolves when the text has been taken. */
  async write(text: string, label: string): Promise<void> {
    if (!this.closed) {
      const failed = await new Promise<Error | null | undefined>((resolve) => {
        this.#output.write(`${text}\n`, resolve);
      });
      if (!failed) return;
      this.closed = true;
    }
    this.unread.push(label);
  }

  /** Resolves when everything written has left the process. */
  async end(): Promise<void> {
    if (!this.closed && this.#output.writableNeedDrain)
      await Promise.race([once(this.#output, "drain"), once(this.#output, "close")]);
  }
}
