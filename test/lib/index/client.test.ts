import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { projectFiles } from "../../../lib/index/client.js";
import { nobody, web } from "../../lab/web.js";

const sha = "ab".repeat(32);

function html(response: ServerResponse, ...filenames: string[]): void {
  response.setHeader("content-type", "text/html");
  response.end(
    `<title>Links for x</title>${filenames.map((f) => `<a href="../../f/${f}#sha256=${sha}">${f}</a>`)}`,
  );
}

test("the files of exactly the project, under its normalised name", async (t) => {
  const asked: string[] = [];
  const origin = await web(t, (request, response) => {
    asked.push(`${request.url} ${request.headers.accept?.includes("json")}`);
    html(
      response,
      "Essay.Demo-1.0.tar.gz",
      "essay_demo-1.1-py3-none-any.whl",
      "essay_demo_webpy-2.0.tar.gz",
      "README",
    );
  });
  const files = await projectFiles({ url: `${origin}/simple/` }, "Essay_Demo");
  assert.deepEqual(asked, ["/simple/essay-demo/ true"]);
  assert.deepEqual(files[0], {
    filename: "Essay.Demo-1.0.tar.gz",
    url: `${origin}/f/Essay.Demo-1.0.tar.gz`,
    sha256: sha,
    yanked: false,
    kind: "sdist",
    name: "Essay.Demo",
    version: "1.0",
  });
  assert.deepEqual(
    files.map((file) => `${file.kind} ${file.version}`),
    ["sdist 1.0", "wheel 1.1"],
  );
});

test("a project that is not there has no files; the URL above the simple URL will do", async (t) => {
  const origin = await web(t, (request, response) => {
    if (request.url === "/simple/there/") return html(response, "there-1.tar.gz");
    response.statusCode = 404;
    response.end("<html>not found</html>");
  });
  for (const index of [`${origin}/simple/`, `${origin}/simple`, `${origin}/`, origin]) {
    assert.deepEqual(await projectFiles({ url: index }, "absent"), [], index);
    assert.equal((await projectFiles({ url: index }, "there")).length, 1, index);
  }
});

test("bad replies are errors", async (t) => {
  const elsewhere = await web(t, (_request, response) => html(response, "x-9.tar.gz"));
  const origin = await web(t, (request, response) => {
    const [, kind] = request.url?.split("/") ?? [];
    if (kind === "away") response.setHeader("location", `${elsewhere}/simple/x/`);
    if (kind === "circle") response.setHeader("location", request.url ?? "");
    if (kind === "away" || kind === "circle") response.statusCode = 302;
    else if (kind === "page") response.setHeader("content-type", "text/html");
    else response.statusCode = Number(kind);
    response.end("<html>Something is wrong</html>");
  });
  const cases: [string, string][] = [
    [`${origin}/503/simple/`, "http-503"],
    [`${origin}/403/simple/`, "http-403"],
    [`${origin}/401/simple/`, "auth-failed"],
    [`${origin}/page/simple/`, "not-an-index"],
    [`${origin}/page/`, "not-an-index"],
    [`${origin}/away/simple/`, "redirected"],
    [`${origin}/circle/simple/`, "bad-answer"],
    [`${await nobody()}/simple/`, "refused"],
    [`http://${"a".repeat(64)}.invalid/simple/`, "unresolved"],
    ["file:///etc/", "bad-index"],
    ["simple", "bad-index"],
  ];
  for (const [index, code] of cases) await assert.rejects(projectFiles({ url: index }, "x"), { code }, index);
  await assert.rejects(projectFiles({ url: `${origin}/simple/` }, "../x"), { code: "bad-name" });
});

test("a busy index is asked again", async (t) => {
  let times = 0;
  const origin = await web(t, (request, response) => {
    times++;
    if (times === 1) return request.socket.destroy();
    if (times === 2) response.statusCode = 503;
    html(response, "x-1.tar.gz");
  });
  assert.equal((await projectFiles({ url: `${origin}/simple/` }, "x")).length, 1);
  assert.equal(times, 3);
});

test("credentials go to the index and are in no message and no URL", async (t) => {
  const seen: (string | undefined)[] = [];
  const origin = await web(t, (request, response) => {
    seen.push(request.headers.authorization);
    if (request.url === "/simple/moved/") {
      response.writeHead(302, { location: "/simple/x/" });
      response.end();
    } else if (request.url === "/simple/x/") html(response, "moved-1.tar.gz");
    else response.writeHead(401).end();
  });
  const index = origin.replace("//", "//joe:p%40ss%3A%2F@").concat("/simple/");
  const files = await projectFiles({ url: index }, "moved");
  assert.equal(files[0]?.url, `${origin}/f/moved-1.tar.gz`);
  assert.deepEqual(seen, Array(2).fill(`Basic ${Buffer.from("joe:p@ss:/").toString("base64")}`));
  await assert.rejects(projectFiles({ url: index }, "y"), (error: Error) => {
    assert.match(error.message, /does not take the user name/);
    assert.doesNotMatch(error.message, /joe|p@ss|p%40/);
    return true;
  });
});

test("an aborted look-up ends with the signal's reason", async (t) => {
  const origin = await web(t, () => {});
  const stop = new AbortController();
  const asking = projectFiles({ url: `${origin}/simple/` }, "x", { signal: stop.signal });
  setTimeout(() => stop.abort(new Error("enough")), 50);
  await assert.rejects(asking, { message: "enough" });
});

test("what is no SHA-256 is none: a digest goes into files that pip reads", async (t) => {
  const digests = ["ab", `${"a".repeat(64)}\n--index-url http://evil/`, "", "A".repeat(64)];
  const origin = await web(t, (_, response) => {
    response.setHeader("content-type", "application/vnd.pypi.simple.v1+json");
    const files = digests.map((sha256, at) => ({
      filename: `x-${at}.zip`,
      url: `x-${at}.zip`,
      hashes: { sha256 },
    }));
    response.end(JSON.stringify({ files }));
  });
  const files = await projectFiles({ url: `${origin}/simple/` }, "x");
  assert.deepEqual(
    files.map(({ sha256 }) => sha256),
    [undefined, undefined, undefined, "a".repeat(64)],
  );
});
