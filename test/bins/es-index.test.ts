import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { arriving, published } from "../lab/index.js";
import { bins, expectStatus, recordsOf, scratch } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";

/** Starts es-index; resolves when it has said its URL. */
async function start(t: TestContext, args: string[]) {
  const child = spawn(process.execPath, [join(bins, "es-index.js"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk;
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk) => {
      output.stderr += chunk;
      const [found] = /http:\S+(?=\n)/.exec(output.stderr) ?? [];
      if (found) resolve(found);
    });
    child.on("exit", () => reject(new Error(output.stderr)));
  });
  return { child, url, output };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown[]> {
  const exit = once(child, "exit");
  child.kill(signal);
  return exit;
}

/** Begins an upload and leaves it unfinished; resolves when the index has begun to write. */
async function halfAnUpload(url: string, directory: string) {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const head = '--b\r\nContent-Disposition: form-data; name="content"; filename="half-1.0.zip"\r\n\r\n';
  socket.write(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n${head}abc`,
  );
  while (arriving(directory).length === 0) await new Promise(setImmediate);
  return socket;
}

test("serves until a signal, says where, and ends by the signal", async (t) => {
  const directory = join(scratch(t), "new");
  const { child, url, output } = await start(t, [directory]);
  assert.match(
    output.stderr,
    new RegExp(`^es-index: serving ${directory} at http://127\\.0\\.0\\.1:\\d+/simple/\\n$`),
  );
  const files = tiny(join(directory, "..", "dist"));
  const input = `${JSON.stringify({ project: "tiny", version: "1.0", files })}\n`;
  await expectStatus(0, "es-upload", ["--index", url], { input });
  assert.deepEqual(published(directory), files.map(({ filename }) => filename).sort());
  assert.deepEqual(await end(child, "SIGTERM"), [null, "SIGTERM"]);
  assert.equal(output.stdout, "");
});

test("runs a command with ESSAY_INDEX, and ends with its status", async (t) => {
  const cwd = scratch(t);
  const files = tiny(join(cwd, "dist"));
  const input = `${JSON.stringify({ project: "tiny", version: "1.0", files })}\n`;
  const upload = [process.execPath, join(bins, "es-upload.js"), "-q"];
  const ran = await expectStatus(0, "es-index", ["-q", "store", "--", ...upload], { cwd, input });
  assert.equal(ran.stderr, "");
  assert.match(recordsOf(ran.stdout)[0].index, /^http:\/\/127\.0\.0\.1:\d+\/simple\/$/);
  assert.deepEqual(published(join(cwd, "store")), files.map(({ filename }) => filename).sort());
  await expectStatus(7, "es-index", ["store", "--", "sh", "-c", "exit 7"], { cwd });
  await expectStatus(137, "es-index", ["store", "--", "sh", "-c", "kill -9 $$"], { cwd });
  const none = await expectStatus(1, "es-index", ["store", "--", "/no/such"], { cwd });
  assert.match(none.stderr, /no-command: cannot run \/no\/such/);
});

test("passes a signal on to the command, and waits for it", async (t) => {
  const script = 'trap "echo ended; exit 3" TERM; echo ready; while :; do sleep 0.1; done';
  const { child, output } = await start(t, [scratch(t), "--", "sh", "-c", script]);
  while (!output.stdout.includes("ready")) await new Promise(setImmediate);
  assert.deepEqual(await end(child, "SIGTERM"), [null, "SIGTERM"]);
  assert.equal(output.stdout, "ready\nended\n");
});

test("killed during an upload, it leaves nothing visible, and cleans up when it starts again", async (t) => {
  const directory = scratch(t);
  const first = await start(t, [directory]);
  const socket = await halfAnUpload(first.url, directory);
  await end(first.child, "SIGKILL");
  socket.destroy();
  assert.deepEqual(published(directory), []);
  assert.equal(arriving(directory).length, 1);
  const second = await start(t, [directory]);
  assert.deepEqual([...published(directory), ...arriving(directory)], []);
  await end(second.child, "SIGTERM");
});

// The time limit is below that of the server, which cuts a silent upload by itself.
test("an upload that never goes on does not keep it from ending at a second signal", {
  timeout: 60_000,
}, async (t) => {
  const directory = scratch(t);
  const { child, url } = await start(t, [directory]);
  const socket = await halfAnUpload(url, directory);
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  while (
    await new Promise((resolve) => {
      const { port, hostname } = new URL(url);
      const probe = connect(Number(port), hostname, () => resolve(true));
      probe.on("error", () => resolve(false)).on("connect", () => probe.destroy());
    })
  );
  assert.equal(child.exitCode, null);
  // Within half a second it would be the first one over again.
  await setTimeout(600);
  child.kill("SIGTERM");
  assert.deepEqual(await exit, [null, "SIGTERM"]);
  socket.destroy();
});

test("takes no uploads on addresses of others", async (t) => {
  const cwd = scratch(t);
  const { child, url } = await start(t, ["--bind", "0.0.0.0", join(cwd, "store")]);
  const files = tiny(join(cwd, "dist"));
  const input = `${JSON.stringify({ project: "tiny", version: "1.0", files })}\n`;
  const local = url.replace("0.0.0.0", "127.0.0.1");
  const ran = await expectStatus(1, "es-upload", ["--index", local], { input });
  assert.match(recordsOf(ran.stdout)[0].error.message, /403 this index takes no uploads/);
  assert.deepEqual(published(join(cwd, "store")), []);
  await end(child, "SIGTERM");
});

test("what cannot be served", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "file"), "");
  mkdirSync(join(cwd, "store"));
  const { url } = await start(t, [join(cwd, "store")]);
  const taken = await expectStatus(1, "es-index", ["--port", new URL(url).port, "store"], { cwd });
  assert.match(taken.stderr, /cannot-listen: .*in use/);
  for (const args of [
    [],
    ["a/b/c"],
    ["file"],
    ["--port", "70000", "store"],
    ["--port", "x", "store"],
    ["store", "--"],
    ["store", "b"],
    ["--bind", "", "store"],
  ])
    await expectStatus(2, "es-index", args, { cwd });
});
