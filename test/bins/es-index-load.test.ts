// es-index with clients that take their time, and with many projects.

import assert from "node:assert/strict";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fetchPage } from "../lab/http.js";
import { arriving, type IndexOptions, type LabIndex, published, startIndex } from "../lab/index.js";
import { until } from "../lab/processes.js";
import { expectStatus, scratch } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";

async function start(t: TestContext, options: IndexOptions): Promise<LabIndex> {
  const index = await startIndex({ empty: true, ...options });
  t.after(() => index.stop());
  return index;
}

const openFiles = ({ pid }: LabIndex) => readdirSync(`/proc/${pid}/fd`).length;

/** The most memory that the process ever had, in bytes. */
function mostMemory({ pid }: LabIndex): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

const getLarge = "GET /files/large-1.0.zip HTTP/1.1\r\nHost: x\r\n\r\n";
const formHead = '--b\r\nContent-Disposition: form-data; name="content"; filename="slow-1.0.zip"\r\n\r\nabc';
const post = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n${formHead}`;

/** A client that sends `first` at once, then the bytes of `rest` and more, one after the other. */
function slowClient({ url }: LabIndex, first: string, rest = "", reads = true): Socket {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  if (reads) socket.resume();
  else socket.pause();
  socket.on("error", () => {});
  socket.write(first);
  let sent = 0;
  const timer = setInterval(() => socket.write(rest[sent++] ?? "x"), 50);
  if (rest === "") clearInterval(timer);
  socket.on("close", () => clearInterval(timer));
  return socket;
}

test("clients that stall keep nobody waiting, are cut off, and leave nothing", async (t) => {
  const index = await start(t, { flags: ["--patience", "1"] });
  writeFileSync(join(index.directory, "large-1.0.zip"), "");
  truncateSync(join(index.directory, "large-1.0.zip"), 64 * 1024 * 1024);
  const before = openFiles(index);
  const kinds = {
    "nothing at all": () => slowClient(index, ""),
    "a request byte by byte": () => slowClient(index, "", "GET /simple/ HTTP/1.1\r\nX-Long: "),
    "a body byte by byte": () => slowClient(index, post, "abc"),
    "a body that stops": () => slowClient(index, post),
    "an answer that nobody reads": () => slowClient(index, getLarge, "", false),
  };
  const clients = Object.entries(kinds).flatMap(([kind, make]) =>
    Array.from({ length: 30 }, () => ({ kind, socket: make() })),
  );
  const open = new Set(clients);
  for (const client of clients) client.socket.on("close", () => open.delete(client));
  await until("uploads under way", () => arriving(index.directory).length === 60);

  const files = tiny(scratch(t));
  const input = `${JSON.stringify({ project: "tiny", version: "1.0", files })}\n`;
  await expectStatus(0, "es-upload", ["--index", index.url], { input });
  assert.match((await fetchPage(`${index.url}tiny/`)).body, /tiny-1\.0\.tar\.gz/);

  await until("the end of all on the server's side", () => openFiles(index) <= before);
  // Who does not read does not see the end either.
  for (const { socket } of open) socket.resume();
  await until("the end of all clients", () => open.size === 0);
  assert.deepEqual(arriving(index.directory), []);
  const names = [...files.map(({ filename }) => filename), "large-1.0.zip"];
  assert.deepEqual(published(index.directory), names.sort());
  assert.equal((await fetchPage(index.url)).status, 200);
});

test("10,000 projects: pages, an upload, and a file that somebody puts there", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "essay-index-"));
  const [, wheel] = tiny(home).map(({ path }) => path);
  const directory = join(home, "files");
  mkdirSync(directory);
  for (let i = 0; i < 10_000; i++)
    linkSync(wheel as string, join(directory, `project_${i}-1.0-py3-none-any.whl`));
  const index = await start(t, { home });
  const root = await fetchPage(index.url);
  assert.equal(root.body.match(/<a /g)?.length, 10_000);
  assert.match((await fetchPage(new URL("/", index.url).href)).body, /10000 projects, 10000 files/);
  const page = (project: string) => fetchPage(`${index.url}${project}/`);
  assert.match((await page("project-4711")).body, /project_4711-1\.0-py3-none-any\.whl#sha256=/);
  assert.equal((await page("project-10000")).status, 404);

  const files = tiny(join(home, "more"));
  const input = `${JSON.stringify({ project: "tiny", version: "1.0", files })}\n`;
  await expectStatus(0, "es-upload", ["--index", index.url], { input });
  assert.match((await page("tiny")).body, /tiny-1\.0\.tar\.gz/);
  linkSync(wheel as string, join(directory, "project_4711-1.1-py3-none-any.whl"));
  linkSync(wheel as string, join(directory, "brand_new-1.0-py3-none-any.whl"));
  assert.match((await page("brand-new")).body, /brand_new-1\.0/);
  await until("the file to be listed", async () => /4711-1\.1/.test((await page("project-4711")).body));
  await until("all to be counted", async () => /brand-new/.test((await fetchPage(index.url)).body));
  assert.ok(mostMemory(index) < 200e6, `${mostMemory(index)} bytes`);
});
