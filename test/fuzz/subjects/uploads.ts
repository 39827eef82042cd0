// Uploads to es-index: the first line of the input is the header Content-Type, the rest the body.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseFilename } from "../../../lib/base/distribution.js";
import { indexServer } from "../../../lib/index/server/server.js";
import { Store } from "../../../lib/index/store/store.js";
import { readMetadataFile } from "../../../lib/package/core-metadata.js";
import { arriving, published } from "../../lab/index.js";
import { namesOfObjects, type Subject } from "../subject.js";

const disposition = 'Content-Disposition: form-data; name="';

export const uploads: Subject = {
  name: "uploads",
  cases: 3000,
  words: [
    ...[
      "--b\r\n",
      "--b--\r\n",
      "\r\n\r\n",
      "\r\n",
      disposition,
      '"; filename="',
      "content",
      ":action",
      "file_upload",
    ],
    ...[
      "multipart/form-data; boundary=b",
      "; boundary=",
      "application/x-www-form-urlencoded",
      "; charset=utf-16",
    ],
    ...[
      "sha256_digest",
      "md5_digest",
      "0".repeat(64),
      "d41d8cd98f00b204e9800998ecf8427e",
      "filename*=utf-8''%2e%2e",
    ],
    ...[
      "../",
      "..\\",
      "/",
      "%2f",
      "a-1.0.zip",
      "a-1.0.tar.gz",
      "a-1.0-py3-none-any.whl",
      ".es-index/",
      "\0",
      "\u202e",
    ],
    ...namesOfObjects,
  ],
  async open(folder) {
    const directory = join(folder, "store");
    mkdirSync(directory);
    const store = new Store(directory, { readMetadata: readMetadataFile, most: 1_000_000 });
    const index = indexServer(store, { uploads: true });
    index.server.listen(0, "127.0.0.1");
    await once(index.server, "listening");
    const { port } = index.server.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true });
    const post = (type: string, body: Buffer) =>
      new Promise<number>((resolve, reject) => {
        const headers = { "content-type": type, "content-length": body.length };
        const sent = request({ port, host: "127.0.0.1", method: "POST", agent, headers }, (answer) => {
          answer.resume();
          answer.on("end", () => resolve(answer.statusCode ?? 0));
        });
        sent.on("error", reject);
        sent.end(body);
      });
    const get = (path: string) =>
      new Promise<number>((resolve, reject) => {
        const sent = request({ port, host: "127.0.0.1", path, agent }, (answer) => {
          answer.resume();
          answer.on("end", () => resolve(answer.statusCode ?? 0));
        });
        sent.on("error", reject);
        sent.end();
      });
    return {
      async read(input) {
        const end = input.indexOf(10);
        // Node itself refuses headers of more than 16 KiB.
        const type = input
          .toString("latin1", 0, Math.max(0, Math.min(end, 10_000)))
          .replace(/[^\t\x20-\x7e]/g, "");
        const body = input.subarray(end + 1);
        const status = await post(type, body);
        assert.ok([200, 400, 409, 413].includes(status), `status ${status}`);
        assert.deepEqual(readdirSync(folder), ["store"], "something is outside of the index");
        const left = arriving(directory);
        // The next input begins with nothing of this one.
        for (const name of left) rmSync(join(directory, ".es-index", name));
        assert.deepEqual(left, [], "something is left of the upload");
        const files = published(directory);
        assert.equal(files.length, status === 200 ? 1 : 0);
        for (const file of files) {
          const parsed = parseFilename(file);
          assert.ok(parsed, `${file} is no name of a distribution`);
          const bytes = readFileSync(join(directory, file));
          assert.ok(body.includes(bytes), "the file has other bytes than were sent");
          const sha256 = createHash("sha256").update(bytes).digest("hex");
          assert.ok(sha256.length === 64 && (await get(`/simple/${parsed.name.toLowerCase()}/`)) < 400);
          rmSync(join(directory, file));
        }
        return status === 200;
      },
      async close() {
        agent.destroy();
        await index.close();
      },
    };
  },
};
