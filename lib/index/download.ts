// Fetching one small file that an index lists.

import { createHash } from "node:crypto";
import { Failure } from "../base/failure.js";
import type { Access } from "./access.js";
import type { IndexFile } from "./client.js";
import { lookupCredentials } from "./credentials.js";
import { type Answer, readChunks, request } from "./http.js";
import { follow } from "./redirects.js";
import { persist, unwell } from "./retry.js";

const pauses = [300, 1000, 2500];

/** GET. The file's digest tells whether it is the right one, wherever it comes from; credentials stay with the index. */
async function get(address: string, index: Access, signal: AbortSignal): Promise<Answer> {
  const credentials = await lookupCredentials(index.url);
  const { origin } = new URL(index.url);
  return follow(address, (url) =>
    request(url, { ...index, signal, ...(new URL(url).origin === origin && { credentials }) }),
  );
}

/**
 * The bytes of a file, `most` at most. Throws Failure as `request` does, and: http-NNN, bad-answer for a longer one,
 * hash-mismatch for one that has not the SHA-256 that the index tells.
 */
export async function download(
  index: Access,
  file: IndexFile,
  most: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const fetched = async () => {
    const answer = await get(file.url, index, signal);
    if (answer.status !== 200) {
      answer.body.destroy();
      const said = `${file.url} answers ${answer.status} ${answer.reason}`.trim();
      throw unwell(answer.status, said, answer.headers["retry-after"]);
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of readChunks(answer, signal)) {
      length += chunk.length;
      if (length > most) throw new Failure("bad-answer", `${file.url} has more than ${most} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  const bytes = await persist(fetched, pauses, signal);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (file.sha256 !== undefined && file.sha256 !== sha256)
    throw new Failure("hash-mismatch", `${file.filename} came with other bytes than the index lists`);
  return bytes;
}
