import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { readText, request } from "../../lib/index/http.js";
import { formOf, type Part } from "../lab/form.js";
import { fetchPage } from "../lab/http.js";
import { arriving, published } from "../lab/index.js";
import { bins, expectStatus, recordsOf, scratch } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";

/** Starts es-index; resolves when it has said its URL. */
async function start(t: TestContext, args: string[]) {
  const child = spawn(process.execPath, [join(bins, "es-index"), ...args], {
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

test("bad uploads are refused with their cause, and leave nothing", async (t) => {
  const directory = scratch(t);
  const { url } = await start(t, ["--max-size", "1K", directory]);
  const post = async (form: string) => {
    const chunks = (async function* () {
      yield Buffer.from(form);
    })();
    const answer = await request(new URL("/", url).href, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: { length: Buffer.byteLength(form), chunks },
    });
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    return `${answer.status} ${await readText(answer, 10_000)}`;
  };
  const digest: Part = ["md5_digest", "0".repeat(32)];
  const file = (filename: string, size = 3): Part => ["content", "x".repeat(size), filename];
  const cases: [string, RegExp][] = [
    [
      formOf([digest, file("../../a-1.0.zip")]),
      /^400 "\.\.\/\.\.\/a-1\.0\.zip" is no name of an sdist or wheel/,
    ],
    [formOf([file("a-1.0.zip")]), /^400 a-1\.0\.zip came without sha256_digest/],
    [formOf([digest, file("a-1.0.zip")]), /^400 .*was announced with 0{32}/],
    [formOf([digest, file("a-1.0.zip", 2000)]), /^413 a-1\.0\.zip has more than the 1024 bytes/],
    [formOf([digest, file("a-1.0.zip")]).slice(0, -8), /^400 the form is broken/],
    ["", /^400 the form is broken/],
  ];
  for (const [form, answer] of cases) {
    assert.match(await post(form), answer);
    assert.deepEqual([published(directory), arriving(directory)], [[], []], form);
  }
  const half = await halfAnUpload(url, directory);
  half.destroy();
  while (arriving(directory).length > 0) await new Promise(setImmediate);
  assert.deepEqual(published(directory), []);
});

test("runs a command with ESSAY_INDEX, and ends with its status", async (t) => {
  const cwd = scratch(t);
  const files = tiny(join(cwd, "dist"));
  const input = `${JSON.stringify({ project: "tiny", version: "1.0", files })}\n`;
  const upload = [process.execPath, join(bins, "es-upload"), "-q"];
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

// Of ann, whose password is "secret"; made by crypt(3).
const users = "ann:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

test("takes no uploads on addresses of others, but with a password", async (t) => {
  const cwd = scratch(t);
  const { child, url } = await start(t, ["--bind", "0.0.0.0", join(cwd, "store")]);
  const files = tiny(join(cwd, "dist"));
  const input = `${JSON.stringify({ project: "tiny", version: "1.0", files })}\n`;
  const local = url.replace("0.0.0.0", "127.0.0.1");
  const ran = await expectStatus(1, "es-upload", ["--index", local], { input });
  assert.match(recordsOf(ran.stdout)[0].error.message, /403 this index takes no uploads/);
  assert.deepEqual(published(join(cwd, "store")), []);
  await end(child, "SIGTERM");

  writeFileSync(join(cwd, "users"), users);
  const guarded = ["--htpasswd", join(cwd, "users"), "--max-size", "1M", join(cwd, "store")];
  const open = await start(t, ["--bind", "0.0.0.0", ...guarded]);
  const index = open.url.replace("http://0.0.0.0", "http://ann:secret@127.0.0.1");
  await expectStatus(0, "es-upload", ["--index", index], { input });
  assert.equal(published(join(cwd, "store")).length, 2);
  writeFileSync(join(cwd, "users"), users.replace("ann", "bob"));
  const out = await expectStatus(1, "es-upload", ["--index", index, "--no-wait"], { input: other(cwd) });
  assert.match(recordsOf(out.stdout)[0].error.message, /401/);
  await end(open.child, "SIGTERM");
});

function other(cwd: string): string {
  const files = tiny(join(cwd, "dist"), "2.0");
  return `${JSON.stringify({ project: "tiny", version: "2.0", files })}\n`;
}

/** The lines that a verb has said, for files of a store that are named without their versions' rest. */
async function said(cwd: string, ...args: string[]): Promise<string[]> {
  const { stderr, stdout } = await expectStatus(0, "es-index", args, { cwd });
  assert.equal(stdout, "");
  return stderr.trimEnd().split("\n").filter(Boolean);
}

test("yanks files of a directory that is served, by version and by name", async (t) => {
  const cwd = scratch(t);
  const store = join(cwd, "store");
  mkdirSync(store);
  for (const name of ["Tiny-1.0.zip", "tiny-1.0-py3-none-any.whl", "tiny-2.0.zip"])
    writeFileSync(join(store, name), "");
  const { url } = await start(t, [store]);
  const yanked = async () => {
    const page = await fetchPage(`${url}tiny/`);
    return [...page.body.matchAll(/>([^<]*)<\/a>/g)]
      .map(([, name]) => name)
      .filter((name) => page.body.includes(`data-yanked="a&#38;b">${name}<`));
  };
  assert.deepEqual(await said(cwd, "yank", "store", "TINY", "v1.00", "--reason", "a&b", "--dry-run"), [
    "Tiny-1.0.zip: would be yanked",
    "tiny-1.0-py3-none-any.whl: would be yanked",
  ]);
  assert.deepEqual(await yanked(), []);
  await said(cwd, "yank", "store", "TINY", "v1.00", "--reason", "a&b");
  assert.deepEqual(await yanked(), ["Tiny-1.0.zip", "tiny-1.0-py3-none-any.whl"]);
  assert.deepEqual(await said(cwd, "yank", "store", "tiny", "Tiny-1.0.zip", "--undo"), [
    "Tiny-1.0.zip: not yanked",
  ]);
  assert.deepEqual(await said(cwd, "yank", "store", "tiny", "1.0", "--undo"), [
    "Tiny-1.0.zip: is not yanked already",
    "tiny-1.0-py3-none-any.whl: not yanked",
  ]);
  assert.deepEqual(await yanked(), []);
  for (const [args, why] of [
    [["tiny", "3.0"], /no-version: .*store has no file of tiny 3\.0/],
    [["tiny", "tiny-3.0.zip"], /no-version: .*no file tiny-3\.0\.zip/],
    [["small", "1.0"], /no-version: .*no file of a project small/],
  ] as const)
    assert.match((await expectStatus(1, "es-index", ["yank", "store", ...args], { cwd })).stderr, why);
});

test("prunes old versions, and says before what would go", async (t) => {
  const cwd = scratch(t);
  const store = join(cwd, "store");
  mkdirSync(store);
  const names = [
    "a-1.9.zip",
    "a-1.10.zip",
    "a-1.10-py3-none-any.whl",
    "a-2.0rc1.zip",
    "b-1.zip",
    "b-2.zip",
    "c-1.zip",
  ];
  for (const name of names) writeFileSync(join(store, name), "");
  await said(cwd, "yank", "store", "b", "2");
  const would = ["a-1.9.zip: would be deleted"];
  assert.deepEqual(await said(cwd, "prune", "store", "--keep", "1", "--dry-run"), would);
  assert.deepEqual(published(store), [...names].sort());
  assert.deepEqual(await said(cwd, "prune", "store", "--keep", "1", "B", "c"), []);
  const unknown = await expectStatus(1, "es-index", ["prune", "store", "--keep", "1", "a", "none"], { cwd });
  assert.match(unknown.stderr, /no-version: .*no file of a project none/);
  assert.deepEqual(published(store), [...names].sort());
  assert.deepEqual(await said(cwd, "prune", "store", "--keep", "1"), ["a-1.9.zip: deleted"]);
  assert.deepEqual(published(store), names.filter((name) => name !== "a-1.9.zip").sort());
});

test("what cannot be served", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "file"), "");
  mkdirSync(join(cwd, "store"));
  writeFileSync(join(cwd, "store", "a-1.zip"), "");
  writeFileSync(join(cwd, "users"), `${users}bob:$apr1$abc$def\n`);
  const { url } = await start(t, [join(cwd, "store")]);
  const taken = await expectStatus(1, "es-index", ["--port", new URL(url).port, "store"], { cwd });
  assert.match(taken.stderr, /cannot-listen: .*in use/);
  for (const args of [
    [],
    ["a/b/c"],
    ["file"],
    ["--port", "70000", "store"],
    ["store", "--"],
    ["store", "b"],
    ["--bind", "", "store"],
    ["--private", "store"],
    ["--htpasswd", "none", "store"],
    ["--max-size", "1T", "store"],
    ["--upstream", "ftp://up.example/", "store"],
    ["--upstream", "http://ann:secret@up.example/simple/", "store"],
    ["--keep", "1", "store"],
    ["yank", "store", "a", "1", "2"],
    ["yank", "store", "a", "b"],
    ["yank", "none", "a", "1"],
    ["yank", "store", "a", "1", "--undo", "--reason", "x"],
    ["yank", "store", "a", "1", "--reason", "x\ny"],
    ["prune", "store"],
    ["prune", "store", "--keep", "0"],
    ["prune", "store", "--keep", "1", "--port", "1"],
  ]) {
    const ran = await expectStatus(2, "es-index", args, { cwd });
    assert.doesNotMatch(ran.stderr, /secret/, ran.report);
  }
  const refused = await expectStatus(2, "es-index", ["--htpasswd", "users", "store"], { cwd });
  assert.match(refused.stderr, /users, line 2: the password of bob is hashed by MD5 \(apr1\); only bcrypt/);
});
