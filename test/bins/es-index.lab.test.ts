import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { arriving, published, startIndex } from "../lab/index.js";
import { bins, expectStatus, program, scratch } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";

const python = "/usr/bin/python3";

/** A file of passwords: ann's is "secret". The hash was made by crypt(3). */
function users(cwd: string): string {
  const path = join(cwd, "users");
  writeFileSync(path, "ann:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n");
  return path;
}

test("real twine and pip work with one index, with passwords and another index behind it", async (t) => {
  const cwd = scratch(t);
  const upstream = await startIndex();
  t.after(() => upstream.stop());
  const flags = ["-v", "--htpasswd", users(cwd), "--private", "--upstream", upstream.url];
  const index = await startIndex({ empty: true, flags });
  t.after(() => index.stop());
  const dist = join(cwd, "dist");
  const [sdist, wheel] = tiny(dist).map(({ filename }) => filename) as [string, string];
  const [, newer] = tiny(dist, "2.0").map(({ filename }) => filename) as [string, string];
  writeFileSync(join(cwd, "netrc"), "machine 127.0.0.1 login ann password secret\n", { mode: 0o600 });
  const env = {
    HOME: cwd,
    NETRC: join(cwd, "netrc"),
    PIP_CONFIG_FILE: "/dev/null",
    TWINE_USERNAME: "ann",
    TWINE_PASSWORD: "secret",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const url = index.url.replace("simple/", "");
  const upload = ["upload", "--non-interactive", "--disable-progress-bar", "--repository-url", url];
  const twine = (filenames: string[], more: string[] = [], variables = {}) => {
    const paths = filenames.map((filename) => join(dist, filename));
    return program("/usr/bin/twine", [...upload, ...more, ...paths], { cwd, env: { ...env, ...variables } });
  };
  const pip = (...args: string[]) => expectStatus(0, python, ["-m", "pip", ...args], { cwd, env });
  const from = ["--no-cache-dir", "--disable-pip-version-check", "--index-url", index.url];

  const wrong = await twine([sdist], [], { TWINE_PASSWORD: "wrong" });
  assert.notEqual(wrong.status, 0, wrong.report);
  assert.match(wrong.stdout + wrong.stderr, /401 [\s\S]*the password is wrong/);
  const right = await twine([sdist, wheel, newer]);
  assert.equal(right.status, 0, right.report);
  assert.deepEqual(published(index.directory), [sdist, wheel, newer].sort());
  tiny(dist, "1.0", "tiny", "other = True\n");
  const other = await twine([wheel]);
  assert.notEqual(other.status, 0, other.report);
  assert.match(other.stdout + other.stderr, /409 Conflict[\s\S]*already with other bytes/);
  const skipped = await twine([wheel], ["--skip-existing"]);
  assert.equal(skipped.status, 0, skipped.report);

  await expectStatus(0, "es-index", ["yank", index.directory, "tiny", "2.0", "--reason", "breaks logins"]);
  await pip("download", ...from, "--no-deps", "--dest", "got", "Tiny", "wheel");
  const [mine, others = "", ...none] = readdirSync(join(cwd, "got"));
  assert.deepEqual([mine, none], [wheel, []]);
  assert.match(others, /^wheel-/);
  await pip("download", ...from, "--no-binary", "tiny", "--dest", "sdist", "tiny==1.0");
  assert.deepEqual(readdirSync(join(cwd, "sdist")), [sdist]);
  mkdirSync(join(cwd, "site"));
  const installed = await pip("install", ...from, "--target", "site", "tiny==2.0");
  assert.match(installed.stderr, /yanked version[\s\S]*breaks logins/);
  const ran = await expectStatus(0, python, ["-c", "import tiny; print(tiny.version)"], {
    env: { ...env, PYTHONPATH: join(cwd, "site") },
  });
  assert.equal(ran.stdout, "2.0\n");
  const versions = await pip("index", "versions", ...from, "tiny");
  assert.match(versions.stdout, /Available versions: .*1\.0/);
  assert.match(index.log(), /GET \/simple\/wheel\/ 302/);
  assert.doesNotMatch(index.log(), /secret|Basic/);
});

/** The form that uploads a file, and its headers. */
function form(filename: string, content: Buffer): { head: string; body: Buffer } {
  const digest = createHash("sha256").update(content).digest("hex");
  const disposition = "Content-Disposition: form-data; name=";
  const body = Buffer.concat([
    Buffer.from(`--b\r\n${disposition}"content"; filename="${filename}"\r\n\r\n`),
    content,
    Buffer.from(`\r\n--b\r\n${disposition}"sha256_digest"\r\n\r\n${digest}\r\n--b--\r\n`),
  ]);
  const type = "Content-Type: multipart/form-data; boundary=b";
  return { head: `POST / HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n`, body };
}

/** Sends the bytes of an upload, at most so many; resolves to the socket when they are on their way. */
async function send(url: string, bytes: Buffer): Promise<Socket> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.write(bytes, resolve));
  return socket;
}

/** Starts es-index on a folder, by the words of another program before it if need be. */
async function start(t: TestContext, before: string[], directory: string) {
  const [name = "", ...args] = [...before, process.execPath, join(bins, "es-index"), directory];
  const child = spawn(name, args, { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk) => {
      said += chunk;
      const [found] = /http:\S+(?=\n)/.exec(said) ?? [];
      if (found) resolve(found);
    });
    child.on("exit", () => reject(new Error(said)));
  });
  return { child, url };
}

test("killed at any moment of an upload, it leaves the whole file or nothing visible", async (t) => {
  const directory = scratch(t);
  const content = randomBytes(3 * 1024 * 1024);
  const outcomes: string[][] = [];
  for (const [round, part] of [0.5, 0.999_999, 1, 1].entries()) {
    const filename = `a-1.${round}.zip`;
    const { head, body } = form(filename, content);
    const { child, url } = await start(t, [], directory);
    const socket = await send(url, Buffer.concat([Buffer.from(head), body.subarray(0, body.length * part)]));
    // In the last rounds some ticks later each, while the server is busy with the end of the form.
    for (let ticks = round * 40; ticks > 0; ticks--) await new Promise(setImmediate);
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
    socket.destroy();
    const there = published(directory);
    if (there.includes(filename))
      assert.ok(readFileSync(join(directory, filename)).equals(content), filename);
    outcomes.push(there);
  }
  assert.deepEqual(outcomes[1], []);
  const { url } = await start(t, [], directory);
  assert.deepEqual(arriving(directory), []);
  // Those that got there are listed, and all can be uploaded again.
  const { head, body } = form("a-1.3.zip", content);
  const socket = await send(url, Buffer.concat([Buffer.from(head), body]));
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /^HTTP\/1\.1 200 a-1\.3\.zip (uploaded|present)/);
  socket.destroy();
});

test("a full disk is said, leaves nothing, and is no reason to end", async (t) => {
  const directory = scratch(t);
  const mount = 'mount -t tmpfs -o size=256k none "$0" && exec "$@"';
  // With the folder twice: for mount, and after the program's name.
  const { child, url } = await start(t, ["unshare", "--mount", "sh", "-c", mount, directory], directory);
  const inside = `/proc/${child.pid}/root${directory}`;
  const upload = async (filename: string, size: number) => {
    const { head, body } = form(filename, randomBytes(size));
    const socket = await send(url, Buffer.concat([Buffer.from(head), body]));
    const [answer] = await once(socket, "data");
    socket.destroy();
    return String(answer).split("\r\n")[0];
  };
  assert.match((await upload("a-1.0.zip", 1024 * 1024)) ?? "", /^HTTP\/1\.1 507 .*no space left/i);
  assert.deepEqual([...published(inside), ...arriving(inside)], []);
  assert.equal(await upload("a-1.0.zip", 1024), "HTTP/1.1 200 a-1.0.zip uploaded");
  assert.deepEqual(published(inside), ["a-1.0.zip"]);
  assert.deepEqual(readdirSync(directory), []);
});

test("real pip installs what es-upload has uploaded", async (t) => {
  const index = await startIndex({ empty: true });
  t.after(() => index.stop());
  const cwd = scratch(t);
  const files = tiny(join(cwd, "dist"), "2.0+fix");
  const input = `${JSON.stringify({ project: "tiny", version: "2.0+fix", files })}\n`;
  await expectStatus(0, "es-upload", ["--index", index.url], { input, env: { HOME: cwd } });
  const args = [
    "-m",
    "pip",
    "install",
    "--no-cache-dir",
    "--index-url",
    index.url,
    "--target",
    join(cwd, "site"),
    "tiny",
  ];
  const ran = await expectStatus(0, python, args, { cwd, env: { HOME: cwd, PIP_CONFIG_FILE: "/dev/null" } });
  assert.match(ran.stdout, /Successfully installed tiny-2\.0\+fix/);
});
