// Fetching one small file that an index lists.

import { createHash } from "node:crypto";
import { Failure } from "../base/failure.js";
import type { Access } from "./access.js";
import type { IndexFile } from "./client.js";
import { lookupCredentials } from "./credentials.js";
import { type Answer, readChunks, request } from "./http.js";
import { persist, unwell } from "./retry.js";

const pauses = [300, 1000, 2500];
const mostHops = 5;

/** GET, following redirects: the file's digest tells whether it is the right one. Credentials stay with the index. */
async function get(address: string, index: Access, signal: AbortSignal): Promise<Answer> {
  const credentials = await lookupCredentials(index.url);
  const { origin } = new URL(index.url);
  let url = address;
  for (let hops = 0; hops <= mostHops; hops++) {
    const own = new URL(url).origin === origin;
    const answer = await request(url, { ...index, signal, ...(own && { credentials }) });
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
    answer.body.destroy();
    if (!URL.canParse(location, url))
      throw new Failure("bad-answer", `${url} redirects to something that is no URL`);
    url = new URL(location, url).href;
  }
  throw new Failure("bad-answer", `${address} redirects in a circle`);
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
