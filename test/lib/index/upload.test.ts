import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ReleaseFile } from "../../../lib/base/schema.js";
import { indexServer } from "../../../lib/index/server.js";
import { Store } from "../../../lib/index/store.js";
import { openDestination } from "../../../lib/index/target.js";
import { uploadFile, waitUntilListed } from "../../../lib/index/upload.js";
import { readMetadata } from "../../../lib/package/core-metadata.js";
import { arriving, published } from "../../lab/index.js";
import { scratch } from "../../lab/program.js";
import { releaseFile, tiny } from "../../lab/tiny.js";
import { listen, web } from "../../lab/web.js";

/** An upload as it comes to the server before the index. */
interface Exchange {
  asked: IncomingMessage;
  response: ServerResponse;
  /** Hands it on to the index; the answer comes back, or is dropped. */
  pass(answer: "answered" | "dropped"): Promise<void>;
  /** How many uploads have come, with this one. */
  times: number;
}

/** A real index with a server before it, through which everything passes but what `trouble` does with uploads. */
async function index(t: TestContext, trouble: (exchange: Exchange) => void) {
  const directory = scratch(t);
  const store = join(directory, "store");
  mkdirSync(store);
  const [sdist, wheel] = tiny(join(directory, "dist")) as [ReleaseFile, ReleaseFile];
  const real = await listen(t, indexServer(new Store(store), { uploads: true }).server);
  let times = 0;
  const origin = await web(t, (asked, response) => {
    const pass = (answer: "answered" | "dropped") =>
      new Promise<void>((resolve, reject) => {
        const sent = request(`${real}${asked.url}`, {
          method: asked.method,
          headers: asked.headers,
          agent: false,
        });
        sent.on("error", reject);
        sent.on("response", (behind) => {
          behind.on("end", resolve);
          if (answer === "answered") behind.pipe(response.writeHead(behind.statusCode ?? 0, behind.headers));
          else behind.resume();
        });
        asked.on("close", () => {
          if (!asked.complete) sent.destroy();
        });
        asked.pipe(sent);
      });
    if (asked.method === "POST") trouble({ asked, response, pass, times: ++times });
    else pass("answered").catch(() => response.destroy());
  });
  const to = await openDestination({ url: `${origin}/simple/` }, undefined);
  const upload = async (file: ReleaseFile) =>
    (await uploadFile(file, () => readMetadata(file.path, file.kind), to)).outcome;
  return { store, sdist, wheel, to, upload, uploads: () => times };
}

const answers =
  (status: number, reason = "") =>
  ({ asked, response }: Exchange) => {
    asked.resume().on("end", () => response.writeHead(status, reason || undefined).end());
  };

test("a file arrives whole, once", async (t) => {
  const { store, sdist, wheel, to, upload, uploads } = await index(t, ({ pass }) => void pass("answered"));
  assert.equal(await upload(wheel), "uploaded");
  assert.equal(await upload(sdist), "uploaded");
  assert.equal(await upload(sdist), "present");
  assert.equal(uploads(), 2);
  for (const file of [sdist, wheel])
    assert.deepEqual(readFileSync(join(store, file.filename)), readFileSync(file.path));
  assert.equal(
    await waitUntilListed(wheel, to, 1000),
    `${new URL(to.upload).origin}/files/${wheel.filename}`,
  );
});

test("the form has the digests and the whole metadata", async (t) => {
  let form = "";
  const { upload, wheel, sdist } = await index(t, ({ asked, response }) => {
    form = "";
    asked.setEncoding("latin1").on("data", (part) => {
      form += part;
    });
    asked.on("end", () => response.end());
  });
  const field = (name: string) =>
    [
      ...Buffer.from(form, "latin1")
        .toString()
        .matchAll(/name="([^"]+)"\r\n\r\n(.*?)\r\n--essay-/gs),
    ]
      .filter((match) => match[1] === name)
      .map((match) => match[2]);
  await upload(wheel);
  assert.deepEqual(field(":action"), ["file_upload"]);
  assert.deepEqual(field("filetype"), ["bdist_wheel"]);
  assert.deepEqual(field("pyversion"), ["py3"]);
  assert.deepEqual(field("sha256_digest"), [wheel.sha256]);
  assert.match(field("md5_digest")[0] ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual(field("metadata_version"), ["2.1"]);
  assert.deepEqual(field("name"), ["tiny"]);
  assert.deepEqual(field("author"), ["Zoë"]);
  assert.deepEqual(field("classifiers"), ["Programming Language :: Python :: 3", "Topic :: Utilities"]);
  assert.deepEqual(field("project_urls"), ["Source, http://source.example/"]);
  assert.deepEqual(field("requires_python"), [">=3.8"]);
  assert.deepEqual(field("description"), ["First line\nwith ümlaut."]);
  await upload(sdist);
  assert.deepEqual(field("filetype"), ["sdist"]);
  assert.deepEqual(field("pyversion"), ["source"]);
  assert.deepEqual(field("summary"), ["a small thing"]);
});

test("other bytes under the name are an error, nothing is sent", async (t) => {
  const { store, sdist, upload, uploads } = await index(t, ({ pass }) => void pass("answered"));
  writeFileSync(join(store, sdist.filename), "other bytes");
  await assert.rejects(upload(sdist), { code: "already-exists", message: /give a new version/ });
  assert.equal(uploads(), 0);
});

test("a file that is not the one of the record does not arrive", async (t) => {
  const { store, sdist, upload, uploads } = await index(t, ({ pass }) => void pass("answered"));
  const longer = { ...sdist };
  appendFileSync(sdist.path, "x");
  await assert.rejects(upload(longer), { code: "hash-mismatch" });
  await assert.rejects(upload({ ...longer, size: sdist.size + 1 }), { code: "hash-mismatch" });
  await assert.rejects(upload({ ...longer, path: `${sdist.path}.gone` }), { code: "no-file" });
  await assert.rejects(upload({ ...longer, filename: '../x"-1.0.zip' }), { code: "bad-name" });
  await assert.rejects(upload({ ...longer, name: "other" }), { code: "bad-name" });
  assert.equal(uploads(), 0);
  assert.deepEqual(published(store), []);
});

test("a file that changes while it is sent does not arrive", async (t) => {
  const { store, sdist, upload, to } = await index(t, ({ pass, response }) => {
    pass("answered").catch(() => response.destroy());
  });
  const path = join(store, "..", "dist", "big-1.0.zip");
  writeFileSync(path, Buffer.alloc(3 * 1024 * 1024, 1));
  const big = releaseFile(join(store, "..", "dist"), "big-1.0.zip", "1.0");
  const change = async () => {
    writeFileSync(path, Buffer.alloc(3 * 1024 * 1024, 2));
    return [];
  };
  await assert.rejects(uploadFile(big, change, to), { code: "hash-mismatch" });
  assert.equal(await upload(sdist), "uploaded");
  // The index sees a moment later that the rest does not come.
  while (arriving(store).length > 0) await new Promise(setImmediate);
  assert.deepEqual(published(store), [sdist.filename]);
});

test("a busy index is tried again", async (t) => {
  const { sdist, upload, uploads } = await index(t, (exchange) => {
    if (exchange.times === 1) answers(503)(exchange);
    else if (exchange.times === 2) exchange.asked.once("data", () => exchange.asked.socket.destroy());
    else void exchange.pass("answered");
  });
  assert.equal(await upload(sdist), "uploaded");
  assert.equal(uploads(), 3);
});

test("an upload that landed is no failure, whatever the answer", async (t) => {
  const { sdist, wheel, upload, uploads } = await index(t, async ({ pass, response, times }) => {
    await pass("dropped");
    if (times === 1) response.writeHead(500).end();
    else response.destroy();
  });
  assert.equal(await upload(sdist), "uploaded");
  assert.equal(await upload(wheel), "uploaded");
  assert.equal(uploads(), 2);
});

test("a race is no failure with the same bytes, and one with others", async (t) => {
  const race: { store: string; bytes: string | Buffer } = { store: "", bytes: "" };
  const { store, sdist, wheel, upload } = await index(t, ({ asked, response, times }) => {
    const file = times === 1 ? sdist : wheel;
    writeFileSync(join(race.store, file.filename), times === 1 ? readFileSync(file.path) : "other");
    asked.resume().on("end", () => response.writeHead(400, "File already exists").end());
  });
  race.store = store;
  assert.equal(await upload(sdist), "present");
  await assert.rejects(upload(wheel), { code: "already-exists" });
});

test("refusals are explained", async (t) => {
  const cases: [number, string, string, RegExp][] = [
    [301, "", "http-301", /name the URL itself: http:\/\/other\.example\/up/],
    [401, "", "auth-failed", /wants a user name and password/],
    [403, "No rights", "http-403", /403 No rights; the account may not upload tiny-1\.0\.tar\.gz/],
    [404, "", "http-404", /upload URL/],
    [413, "", "http-413", /tiny-1\.0\.tar\.gz has \d+ bytes/],
    [400, "Invalid classifier", "http-400", /400 Invalid classifier$/],
    [507, "", "http-507", /507/],
  ];
  let answer: [number, string] = [0, ""];
  const { sdist, upload, uploads } = await index(t, (exchange) => {
    exchange.response.setHeader("location", "http://other.example/up");
    answers(...answer)(exchange);
  });
  for (const [status, reason, code, message] of cases) {
    answer = [status, reason];
    await assert.rejects(upload(sdist), { code, message }, String(status));
  }
  assert.equal(uploads(), cases.length);
});

test("an index that never lists the file", async (t) => {
  const { sdist, upload, to } = await index(t, answers(200));
  assert.equal(await upload(sdist), "uploaded");
  await assert.rejects(waitUntilListed(sdist, to, 300), { code: "not-listed", message: /--no-wait/ });
});

test("an index without SHA-256 is asked for the bytes", async (t) => {
  const directory = scratch(t);
  const [sdist] = tiny(directory) as [ReleaseFile];
  let bytes: Buffer | string = readFileSync(sdist.path);
  const origin = await web(t, (asked, response) => {
    if (asked.url === "/simple/tiny/") {
      response.setHeader("content-type", "text/html");
      response.end(`<a href="/f/${sdist.filename}#md5=00">${sdist.filename}</a>`);
    } else response.end(bytes);
  });
  const to = await openDestination({ url: origin }, undefined);
  assert.equal((await uploadFile(sdist, async () => [], to)).outcome, "present");
  bytes = "other";
  await assert.rejects(
    uploadFile(sdist, async () => [], to),
    { code: "already-exists" },
  );
});
