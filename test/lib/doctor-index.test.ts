import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Configuration } from "../../lib/config/schema.js";
import { Settings } from "../../lib/config/settings.js";
import { examineIndex } from "../../lib/doctor-index.js";
import { scratch } from "../lab/program.js";
import { web } from "../lab/web.js";

const { signal } = new AbortController();

/** An index with pages for these projects, which answers uploads with this status; what it was sent. */
async function index(t: TestContext, projects: readonly string[], status: number) {
  const sent: string[] = [];
  const origin = await web(t, (request, response) => {
    if (request.method === "POST") {
      request.on("data", (chunk) => sent.push(String(chunk)));
      request.on("end", () => response.writeHead(status).end("no"));
      return;
    }
    const [, name = ""] = /^\/simple\/([^/]+)\/$/.exec(request.url ?? "") ?? [];
    if (!projects.includes(name)) return response.writeHead(404).end();
    const page = `<!DOCTYPE html><a href="../../${name}-1.0.tar.gz">${name}-1.0.tar.gz</a>`;
    return response.writeHead(200, { "content-type": "text/html" }).end(page);
  });
  return { url: `${origin}/simple/`, sent };
}

async function examined(t: TestContext, url: string | undefined) {
  process.env.NETRC = join(scratch(t), "netrc");
  writeFileSync(process.env.NETRC, "", { mode: 0o600 });
  t.after(() => delete process.env.NETRC);
  const settings = new Settings({
    values: { project: "demo", ...(url !== undefined && { index: { url } }) } as Configuration,
    ...{ file: undefined, directory: "/", projectName: undefined },
  });
  return (await examineIndex(settings, {}, signal)).map(
    ({ verdict, check, found }) => `${verdict} ${check} ${found}`,
  );
}

const all = ["demo", "supervisor", "setuptools", "wheel"];

test("an index that can be read and written, and is sent no file", async (t) => {
  const { url, sent } = await index(t, all, 400);
  const upload = url.replace("simple/", "");
  assert.deepEqual(await examined(t, url), [
    `ok index ${url}, 1 files of demo`,
    `ok index, to write ${upload} takes uploads`,
  ]);
  assert.match(
    sent.join(""),
    /^--\S+\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload\r\n--\S+--\r\n$/,
  );
});

test("an index that takes no uploads from us, and lacks what builds need", async (t) => {
  for (const [status, reason] of [
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [405, "Method Not Allowed"],
    [500, "Internal Server Error"],
  ] as const) {
    const { url } = await index(t, ["supervisor"], status);
    assert.deepEqual(await examined(t, url), [
      `ok index ${url}, 0 files of demo`,
      "note index it has no setuptools, wheel",
      `wrong index, to write ${url.replace("simple/", "")} answers ${status} ${reason}`,
    ]);
  }
});

test("no index, one that is not there, and what is none", async (t) => {
  assert.deepEqual(await examined(t, undefined), ["wrong index no package index is named"]);
  const [refused = ""] = await examined(t, "http://127.0.0.1:1/simple/");
  assert.match(refused, /^wrong index refused: cannot reach http:\/\/127\.0\.0\.1:1\/simple\//);
  const [none = ""] = await examined(t, "ftp://127.0.0.1/");
  assert.match(none, /^wrong index /);
});
