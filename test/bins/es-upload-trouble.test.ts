// es-upload: servers that refuse, hang up, lose answers, or are slow to list what they took.

import assert from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import { published } from "../lab/index.js";
import { expectStatus, type Ran, recordsOf } from "../lab/program.js";
import { release } from "../lab/release.js";
import { atTerminal } from "../lab/terminal.js";
import { releaseFile, wheelOfSize } from "../lab/tiny.js";
import { web } from "../lab/web.js";

/** A request on its way to the index. */
interface Passing {
  asked: IncomingMessage;
  response: ServerResponse;
  /** Hands it on; without an answer to `response` where that is not wanted. */
  pass(answer?: false): Promise<void>;
  /** The how manieth of its method it is. */
  count: number;
}

/** The release of one wheel, and an index with a server before it that does what `trouble` wants. */
async function behind(t: TestContext, trouble: (passing: Passing) => unknown) {
  const made = await release(t);
  const wheel = made.files[1] as ReleaseFile;
  const counts: Record<string, number> = {};
  const origin = await web(t, (asked, response) => {
    const method = asked.method ?? "";
    const count = (counts[method] ?? 0) + 1;
    counts[method] = count;
    const pass = (answer?: false) =>
      new Promise<void>((resolve) => {
        const { url, headers } = asked;
        const sent = request(`${made.origin}${url}`, { method, headers, agent: false }, (from) => {
          from.on("end", resolve);
          if (answer === false) from.resume();
          else from.pipe(response.writeHead(from.statusCode ?? 0, from.headers));
        });
        sent.on("error", () => resolve());
        asked.on("close", () => {
          if (!asked.complete) sent.destroy();
        });
        asked.pipe(sent);
      });
    Promise.resolve(trouble({ asked, response, pass, count })).catch(() => response.destroy());
  });
  const input = `${JSON.stringify({ ...made.record, files: [wheel] })}\n`;
  const upload = (status: number, ...args: string[]) =>
    expectStatus(status, "es-upload", ["--index", `${origin}/simple/`, ...args], { ...made.options, input });
  return { ...made, wheel, origin, upload, counts };
}

const errorOf = (ran: Ran) => recordsOf(ran.stdout)[0].error;

test("a body that is cut off, a busy server and a lost answer are no failure", async (t) => {
  const { store, upload, counts, wheel } = await behind(t, async ({ asked, response, pass, count }) => {
    if (asked.method !== "POST") await pass();
    else if (count === 1) asked.once("data", () => asked.socket.destroy());
    else if (count === 2) asked.resume().on("end", () => response.writeHead(503).end());
    else {
      // It lands, and nobody hears of it.
      await pass(false);
      response.writeHead(500).end();
    }
  });
  const ran = await upload(0);
  assert.deepEqual(
    recordsOf(ran.stdout)[0].uploaded.map(({ outcome }: { outcome: string }) => outcome),
    ["uploaded"],
  );
  assert.equal(counts.POST, 3);
  assert.deepEqual(published(store), [wheel.filename]);
});

test("refusals say the cause and the way on, and leave nothing", async (t) => {
  let answer: [status: number, headers: Record<string, string>, body: string] = [0, {}, ""];
  const { store, upload, counts, wheel } = await behind(t, ({ asked, response, pass }) => {
    if (asked.method !== "POST") return pass();
    return asked.resume().on("end", () => response.writeHead(answer[0], answer[1]).end(answer[2]));
  });
  const text = { "content-type": "text/plain" };
  const json = { "content-type": "application/json" };
  const cases: [typeof answer, code: string, message: RegExp][] = [
    [
      [301, { location: "https://other.example/up/" }, ""],
      "redirected",
      /name the URL itself: https:\/\/other/,
    ],
    [
      [403, text, "no rights"],
      "http-403",
      /no rights; the account may not upload tiny-1\.0-py3-none-any\.whl/,
    ],
    [[404, {}, ""], "http-404", /is this the index's upload URL\?/],
    [[413, {}, ""], "http-413", /has \d+ bytes; a server before the index may have to allow/],
    [[400, json, '{"message":"bad classifier"}'], "http-400", /400 Bad Request: bad classifier$/],
    // Names that the index does not list any more, and takes no more.
    [[409, {}, ""], "already-exists", /takes no second file of the name tiny.*give a new version/],
    [
      [403, json, '{"errors":[{"message":"Not enough permissions to overwrite artifact"}]}'],
      "already-exists",
      /overwrite/,
    ],
    [[400, text, "Repository does not allow updating assets: py"], "already-exists", /updating assets: py/],
  ];
  for (const [said, code, message] of cases) {
    answer = said;
    const error = errorOf(await upload(1));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
  }
  assert.equal(counts.POST, cases.length, "a refusal is not tried again");
  assert.deepEqual(published(store), []);
  assert.ok(readFileSync(wheel.path).length > 0);
});

test("a file that another put there meanwhile, whatever the reply for it", async (t) => {
  const replies: [number, string][] = [
    [409, ""],
    [400, "does not allow updating assets"],
    [403, "Not enough permissions to overwrite"],
    [404, "hidden"],
  ];
  let bytes: Buffer | undefined;
  let reply = replies[0] as [number, string];
  const { store, upload, wheel } = await behind(t, ({ asked, response, pass }) => {
    if (asked.method !== "POST") return pass();
    writeFileSync(join(store, wheel.filename), bytes ?? "other bytes");
    return asked.resume().on("end", () => response.writeHead(...reply).end());
  });
  bytes = readFileSync(wheel.path);
  for (reply of replies) {
    const ran = await upload(0);
    assert.equal(recordsOf(ran.stdout)[0].uploaded[0].outcome, "present", ran.report);
    rmSync(join(store, wheel.filename));
  }
  bytes = undefined;
  const error = errorOf(await upload(1));
  assert.equal(error.code, "already-exists");
  assert.match(error.message, /with other bytes/);
});

test("an index that lists late is waited for", async (t) => {
  const { upload, counts } = await behind(t, ({ asked, response, pass, count }) => {
    if (asked.method === "GET" && count < 4) response.writeHead(404).end();
    else return pass();
  });
  const ran = await upload(0);
  assert.match(recordsOf(ran.stdout)[0].uploaded[0].url, /\/files\/tiny-1\.0-py3-none-any\.whl$/);
  assert.equal(counts.GET, 4);
});

test("a file that was changed after it was built never arrives", async (t) => {
  const { store, upload, wheel } = await behind(t, ({ pass }) => pass());
  const bytes = readFileSync(wheel.path);
  // In the middle of the module's text, so that the archive can still be read.
  const changed = Buffer.from(bytes);
  changed[40] = (changed[40] ?? 0) ^ 1;
  writeFileSync(wheel.path, changed);
  for (const file of ["changed", "cut short"]) {
    const error = errorOf(await upload(1));
    assert.equal(error.code, "file-changed", file);
    assert.match(error.message, /changed after it was built/);
    truncateSync(wheel.path, bytes.length - 1);
  }
  assert.deepEqual(published(store), []);
  writeFileSync(wheel.path, bytes);
  await upload(0);
});

test("progress of a large file is shown on a terminal, and nowhere else", async (t) => {
  const { cwd, origin, options } = await release(t);
  const filename = wheelOfSize(cwd, "1.0", 8 * 1024 * 1024);
  const file = releaseFile(cwd, filename, "1.0");
  writeFileSync(
    join(cwd, "record"),
    `${JSON.stringify({ project: "large", version: "1.0", files: [file] })}\n`,
  );
  const command = `es-upload --index ${origin} <record >/dev/null`;
  const shown = ({ stdout }: Ran) => stdout.replaceAll("\r\x1b[K", "<CLEAR>");
  const progress = /<CLEAR>large-1\.0-py3-none-any\.whl {2}\d+\.\d of 8\.4 MB {2}\d+ %/;
  const ran = await atTerminal(command, [], options);
  assert.equal(ran.status, 0, ran.report);
  assert.match(shown(ran), progress);
  // The line is gone at the end, and the outcome stands in its place.
  assert.match(shown(ran), /<CLEAR>large 1\.0 {2}es-upload {2}\S+ uploaded .*\r\n$/);
  for (const flags of ["-q", "2>&1 | cat"]) {
    const quiet = await atTerminal(
      `${command.replace("<record", `--no-wait <record ${flags}`)}`,
      [],
      options,
    );
    assert.doesNotMatch(shown(quiet), progress, flags);
  }
});
