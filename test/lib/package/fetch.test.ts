import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fetchInto } from "../../../lib/package/fetch.js";
import type { Wanted } from "../../../lib/package/refs.js";
import { scratch } from "../../lab/program.js";
import { repository } from "../../lab/repository.js";
import { web } from "../../lab/web.js";

const { signal } = new AbortController();

const fetchTo = (t: TestContext, source: string, wanted: Wanted) =>
  fetchInto(scratch(t), source, wanted, signal);

test("only what is wanted is fetched, and what is not there is said by name", async (t) => {
  const repo = await repository(t, { a: "" });
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "v1");
  await repo.commit({ b: "" });
  const source = `file://${repo.directory}`;
  const has = (directory: string) =>
    execFileSync("git", ["-C", directory, "rev-list", "--all"], { encoding: "utf8" }).split("\n").length - 1;
  assert.equal(has(await fetchTo(t, source, { branch: "master" })), 1);
  assert.equal(has(await fetchTo(t, source, { tag: "v1" })), 1);
  assert.equal(has(await fetchTo(t, source, { commit: first.slice(0, 9) })), 2);
  const bad: [Wanted, string, RegExp][] = [
    [{ branch: "mastr" }, "no-branch", /has no branch mastr; did you mean master\?/],
    [{ branch: "a:b" }, "no-branch", /a:b cannot be the name of a branch/],
    [{ tag: "v2" }, "no-tag", /has no tag v2; did you mean v1\?/],
    [{ commit: "HEAD" }, "no-commit", /give hexadecimal digits/],
  ];
  for (const [wanted, code, message] of bad)
    await assert.rejects(fetchTo(t, source, wanted), { code, message });
  await assert.rejects(fetchTo(t, "file:///nonexistent", { branch: "x" }), {
    code: "fetch-failed",
    message: /cannot fetch from file:\/\/\/nonexistent/,
  });
  await assert.rejects(fetchTo(t, "-u:x", { branch: "x" }), { code: "bad-url" });
});

test("a password goes to its server and stays out of messages and process lists", async (t) => {
  const asked: (string | undefined)[] = [];
  const seen: string[] = [];
  const origin = await web(t, (request, response) => {
    asked.push(request.headers.authorization);
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (line.startsWith("git")) seen.push(line);
      } catch {}
    response.writeHead(request.headers.authorization ? 404 : 401, { "www-authenticate": "Basic" }).end();
  });
  const folder = scratch(t);
  const source = origin.replace("://", "://ada:s3cr%3At%2F@");
  await assert.rejects(fetchInto(folder, `${source}/x.git`, { branch: "b" }, signal), (error: Error) => {
    assert.match(error.message, /cannot fetch from http:\/\/127\.0\.0\.1/);
    assert.doesNotMatch(JSON.stringify(error), /s3cr/);
    return true;
  });
  const wanted = `Basic ${Buffer.from("ada:s3cr:t/").toString("base64")}`;
  assert.ok(asked.includes(wanted), asked.join("\n"));
  assert.ok(seen.length > 0);
  assert.ok(!seen.some((line) => line.includes("s3cr")), seen.join("\n"));
  assert.equal(statSync(join(folder, "credentials")).mode & 0o777, 0o600);
  await assert.rejects(fetchTo(t, "ssh://ada:s3cr@h/x", { branch: "b" }), {
    code: "bad-url",
    message: /^ssh:\/\/h\/x takes no password/,
  });
});
