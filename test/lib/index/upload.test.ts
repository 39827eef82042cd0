import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ReleaseFile } from "../../../lib/base/schema.js";
import { Typed } from "../../../lib/index/login.js";
import { indexServer } from "../../../lib/index/server/server.js";
import { Store } from "../../../lib/index/store/store.js";
import { openDestination } from "../../../lib/index/target.js";
import { type Manner, uploadFiles, waitUntilListed } from "../../../lib/index/upload.js";
import { readMetadata } from "../../../lib/package/core-metadata.js";
import { arriving, published } from "../../lab/index.js";
import { expectStatus, scratch } from "../../lab/program.js";
import { releaseFile, tiny } from "../../lab/tiny.js";
import { listen, web } from "../../lab/web.js";

const nobodyAsked = new Typed(async () => undefined);

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
  const to = await openDestination({ url: `${origin}/simple/` }, undefined, nobodyAsked);
  const upload = async (file: ReleaseFile, more: Partial<Manner> = {}) =>
    (await uploadFiles([file], to, { metadata: ({ path, kind }) => readMetadata(path, kind), ...more }))[0]
      ?.outcome;
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
  const listed = await waitUntilListed([wheel], to, 1000);
  assert.equal(listed.get(wheel.filename)?.url, `${new URL(to.upload).origin}/files/${wheel.filename}`);
});

test("the digests are those of the file", async (t) => {
  let form = "";
  const { upload, wheel } = await index(t, ({ asked, response }) => {
    asked.setEncoding("latin1").on("data", (part) => {
      form += part;
    });
    asked.on("end", () => response.end());
  });
  await upload(wheel);
  const bytes = readFileSync(wheel.path);
  const told = (field: string) => new RegExp(`name="${field}"\r\n\r\n(\\w*)\r\n`).exec(form)?.[1];
  assert.equal(told("md5_digest"), createHash("md5").update(bytes).digest("hex"));
  assert.equal(told("sha256_digest"), createHash("sha256").update(bytes).digest("hex"));
  const { stdout } = await expectStatus(0, "b2sum", ["-l", "256", wheel.path]);
  assert.equal(told("blake2_256_digest"), stdout.split(" ")[0]);
  assert.ok(form.includes(bytes.toString("latin1")));
});

test("other bytes under the name are an error, nothing is sent", async (t) => {
  const { store, sdist, upload, uploads } = await index(t, ({ pass }) => void pass("answered"));
  writeFileSync(join(store, sdist.filename), "other bytes");
  await assert.rejects(upload(sdist), { code: "already-exists", message: /give a new version/ });
  assert.equal(uploads(), 0);
});

test("a file that is not the one of the record does not arrive", async (t) => {
  const { store, sdist, upload, uploads } = await index(t, ({ pass, response }) => {
    pass("answered").catch(() => response.destroy());
  });
  const bytes = readFileSync(sdist.path);
  await assert.rejects(upload({ ...sdist, size: sdist.size + 1 }), { code: "file-changed" });
  await assert.rejects(upload({ ...sdist, path: `${sdist.path}.gone` }), { code: "no-file" });
  await assert.rejects(upload({ ...sdist, path: join(store, "..") }), { code: "file-changed" });
  await assert.rejects(upload({ ...sdist, filename: '../x"-1.0.zip' }), { code: "bad-name" });
  await assert.rejects(upload({ ...sdist, name: "other" }), { code: "bad-name" });
  writeFileSync(sdist.path, Buffer.alloc(sdist.size));
  await assert.rejects(upload(sdist), { code: "file-changed" }, "also where it is no archive any more");
  assert.equal(uploads(), 0);
  // Of the same size and still an archive: this is seen when all has been read, and the last bytes are not sent.
  writeFileSync(sdist.path, bytes);
  await assert.rejects(upload({ ...sdist, sha256: "0".repeat(64) }), { code: "file-changed" });
  while (arriving(store).length > 0) await new Promise(setImmediate);
  assert.deepEqual(published(store), []);
  assert.equal(await upload(sdist), "uploaded");
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
  await assert.rejects(uploadFiles([big], to, { metadata: change }), { code: "file-changed" });
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

test("a refusal is final", async (t) => {
  const { sdist, upload, uploads } = await index(t, answers(403, "No rights"));
  await assert.rejects(upload(sdist), { code: "http-403", message: /403 No rights; the account may not/ });
  assert.equal(uploads(), 1);
});

test("an index that never lists the file", async (t) => {
  const { sdist, upload, to } = await index(t, answers(200));
  assert.equal(await upload(sdist), "uploaded");
  await assert.rejects(waitUntilListed([sdist], to, 300), { code: "not-listed", message: /--no-wait/ });
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
  const to = await openDestination({ url: origin }, undefined, nobodyAsked);
  const upload = () => uploadFiles([sdist], to, { metadata: async () => [] });
  assert.deepEqual(await upload(), [
    { file: sdist, outcome: "present", url: `${origin}/f/${sdist.filename}` },
  ]);
  bytes = "other";
  await assert.rejects(upload(), { code: "already-exists" });
});

test("nothing is sent when one of the files cannot be", async (t) => {
  const { store, sdist, wheel, to, upload, uploads } = await index(t, ({ pass }) => void pass("answered"));
  const both = () =>
    uploadFiles([wheel, sdist], to, { metadata: ({ path, kind }) => readMetadata(path, kind) });
  writeFileSync(join(store, sdist.filename), "other bytes");
  await assert.rejects(both(), { code: "already-exists" });
  rmSync(join(store, sdist.filename));
  appendFileSync(sdist.path, "x");
  await assert.rejects(both(), { code: "file-changed" });
  execFileSync("mkfifo", [join(store, "..", "pipe")]);
  await assert.rejects(upload({ ...sdist, path: join(store, "..", "pipe"), size: 0 }), {
    code: "file-changed",
  });
  assert.equal(uploads(), 0);
});

test("only new files, where that is wanted: the index says who was first", async (t) => {
  const onlyNew = { mustBeNew: true };
  const { store, sdist, wheel, upload, uploads } = await index(
    t,
    async ({ asked, pass, response, times }) => {
      if (times === 2) {
        // Another builder of the same bytes lands them first.
        writeFileSync(join(store, wheel.filename), readFileSync(wheel.path));
        await pass("answered");
      } else if (times === 3) {
        await pass("dropped");
        asked.socket.destroy();
      } else if (times === 4) {
        writeFileSync(join(store, sdist.filename), readFileSync(sdist.path));
        asked.resume().on("end", () => response.writeHead(409).end());
      } else await pass("answered");
    },
  );
  assert.equal(await upload(sdist, onlyNew), "uploaded");
  await assert.rejects(upload(sdist, onlyNew), { code: "already-exists", message: /same bytes/ });
  assert.equal(uploads(), 1, "seen before anything is sent");
  assert.equal(await upload(sdist, { mustBeNew: true, isOwn: () => false }), "present");
  await assert.rejects(upload(wheel, onlyNew), { code: "already-exists" });
  assert.equal(uploads(), 2);
  for (const trouble of ["the answer is lost", "refused, and there"]) {
    rmSync(join(store, sdist.filename));
    await assert.rejects(upload(sdist, onlyNew), { code: "already-exists" }, trouble);
  }
  assert.equal(uploads(), 4);
});

test("what the index says of a file that was there before is believed, unless it may be our own", async (t) => {
  const { store, wheel, sdist, upload } = await index(t, async ({ asked, pass, response, times }) => {
    if (times === 1) {
      writeFileSync(join(store, wheel.filename), readFileSync(wheel.path));
      await pass("answered");
    } else if (times === 2) asked.resume().on("end", () => response.writeHead(503).end());
    else {
      writeFileSync(join(store, sdist.filename), readFileSync(sdist.path));
      await pass("answered");
    }
  });
  assert.equal(await upload(wheel), "present");
  assert.equal(await upload(sdist), "uploaded");
});

test("other bytes of what a release depends on are no taken number", async (t) => {
  const { store, sdist, wheel, upload } = await index(t, answers(409));
  const dependency = { isOwn: () => false };
  const error = { code: "dependency-differs", message: /tiny-1\.0\.tar\.gz already.*the one that is there/ };
  await assert.rejects(upload(wheel, dependency), { code: "dependency-differs", message: /depends on/ });
  writeFileSync(join(store, sdist.filename), "other bytes");
  await assert.rejects(upload(sdist, dependency), error);
  await assert.rejects(upload(sdist), { code: "already-exists" });
});

test("a busy index that says when to come back is asked then", async (t) => {
  const { sdist, upload, uploads } = await index(t, ({ asked, response }) => {
    asked.resume().on("end", () => response.writeHead(503, { "retry-after": "3600" }).end());
  });
  await assert.rejects(upload(sdist), { code: "http-503", message: /come back in 3600 s/ });
  assert.equal(uploads(), 1, "an hour is not waited for");
});

test("progress is told up to the last byte", async (t) => {
  const { sdist, upload } = await index(t, ({ pass }) => void pass("answered"));
  const told: number[] = [];
  await upload(sdist, { progress: (_file, sent) => told.push(sent) });
  assert.equal(told.at(-1), sdist.size);
});
