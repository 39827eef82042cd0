import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { IndexFile } from "../../../lib/index/client.js";
import { download } from "../../../lib/index/download.js";
import { web } from "../../lab/web.js";

const bytes = Buffer.from("a wheel");
const { signal } = new AbortController();

const file = (url: string, sha256?: string): IndexFile => ({
  filename: "x-1.0-py3-none-any.whl",
  url,
  sha256,
  yanked: false,
  kind: "wheel",
  name: "x",
  version: "1.0",
});

test("a file, by the digest that the index tells; credentials stay with the index", async (t) => {
  const seen: (string | undefined)[] = [];
  const elsewhere = await web(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end(bytes);
  });
  const index = await web(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${elsewhere}/x` }).end();
  });
  const access = { url: `${index.replace("//", "//me:secret@")}/simple/` };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  assert.deepEqual(await download(access, file(`${index}/x`, sha256), 100, signal), bytes);
  const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  assert.deepEqual(seen, [basic, undefined]);
  await assert.rejects(download(access, file(`${index}/x`, "0".repeat(64)), 100, signal), {
    code: "hash-mismatch",
    message: "x-1.0-py3-none-any.whl came with other bytes than the index lists",
  });
});

test("no such file, a file without end, and a circle", async (t) => {
  const url = await web(t, (request, response) => {
    if (request.url === "/circle") response.writeHead(302, { location: "/circle" });
    else if (request.url === "/none") response.writeHead(404);
    response.end(bytes);
  });
  const code = (path: string) =>
    download({ url }, file(`${url}${path}`), 3, signal).then(
      () => "fine",
      (error) => error.code,
    );
  assert.deepEqual(await Promise.all(["/none", "/long", "/circle"].map(code)), [
    "http-404",
    "bad-answer",
    "bad-answer",
  ]);
});
