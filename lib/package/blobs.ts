// Reading many blobs of a repository through one process: git-cat-file(1), --batch.

import { Failure } from "../base/failure.js";
import { causeIn, detailsOf, type RunningCommand, startCommand } from "./command.js";
import { gitEnvironment } from "./git.js";

/** A blob: its size in bytes, and its bytes, which must be read before the next blob is asked for. */
export interface Blob {
  id: string;
  size: number;
  chunks(): AsyncGenerator<Buffer>;
}

/** The bytes of a stream, taken piece by piece. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done) return false;
    this.#rest = this.#rest.length ? Buffer.concat([this.#rest, next.value]) : next.value;
    return true;
  }

  /** Text up to a line feed, which is taken, too; undefined when the stream ends before one. */
  async line(): Promise<string | undefined> {
    let end = this.#rest.indexOf(10);
    while (end < 0) {
      if (!(await this.#more())) return undefined;
      end = this.#rest.indexOf(10);
    }
    const text = this.#rest.subarray(0, end).toString("latin1");
    this.#rest = this.#rest.subarray(end + 1);
    return text;
  }

  /** At least one and at most `most` bytes; undefined at the end of the stream. */
  async some(most: number): Promise<Buffer | undefined> {
    if (this.#rest.length === 0 && !(await this.#more())) return undefined;
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }
}

async function cutShort(child: RunningCommand): Promise<Failure> {
  child.end();
  const ended = await child.ended;
  return new Failure("git-failed", `git cat-file ended early: ${causeIn(ended.stderr)}`, detailsOf(ended));
}

/**
 * The blobs with the ids given, in that order, from the repository in `directory`. Memory does not grow with
 * their size. Failure "missing-object" for one that is not in the repository.
 */
export async function* readBlobs(
  directory: string,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Blob> {
  const child = startCommand("git", ["-C", directory, "cat-file", "--batch", "--buffer"], {
    signal,
    env: gitEnvironment(),
  });
  child.stdin.end(ids.map((id) => `${id}\n`).join(""));
  const bytes = new Bytes(child.stdout);
  try {
    for (const id of ids) {
      const [, type, length] = ((await bytes.line()) ?? "").split(" ");
      if (type === "missing")
        throw new Failure(
          "missing-object",
          `the repository lacks the object ${id}: it is damaged, or a partial clone; fetch again`,
        );
      if (type !== "blob") throw await cutShort(child);
      const size = Number(length);
      let left = size;
      yield {
        id,
        size,
        async *chunks() {
          while (left > 0) {
            const chunk = await bytes.some(left);
            if (!chunk) throw await cutShort(child);
            left -= chunk.length;
            yield chunk;
          }
        },
      };
      if (left > 0) throw new Error(`blob ${id} was not read to its end`);
      if ((await bytes.line()) !== "") throw await cutShort(child);
    }
    // Only a stream that is read to its end closes.
    await bytes.some(1);
    if ((await child.ended).exit !== 0) throw await cutShort(child);
  } finally {
    child.end();
  }
}

/** The whole content of one blob, for small files. */
export async function readBlob(directory: string, id: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const blob of readBlobs(directory, [id], signal))
    for await (const chunk of blob.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
