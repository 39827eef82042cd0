import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";

const module = JSON.stringify(new URL("../../../lib/transport/openssh-sockets.js", import.meta.url).href);

/** A process that has made the directory, the path of a socket in it, and its end. */
async function inProcess(body: string, env: NodeJS.ProcessEnv) {
  const code = `const { SocketDirectory } = await import(${module});
    const directory = new SocketDirectory();
    process.stdout.write(directory.next());
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, XDG_RUNTIME_DIR: "", ...env },
  });
  const closed = once(child, "close");
  const [path] = await once(child.stdout, "data");
  return { child, path: String(path), closed };
}

test("it is private, short enough for a socket, and goes with the process, also by kill -9", async (t) => {
  const long = join(scratch(t), "x".repeat(60));
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const { child, path, closed } = await inProcess("process.stdin.resume();", { TMPDIR: long });
    assert.match(path, /^\/tmp\/essay-\w{6}\/0$/);
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    child.kill(signal);
    await closed;
    await until("the end of the directory", () => !existsSync(dirname(path)));
  }
});

test("it stands where the user has a place for such things; it can be removed, and keeps no process alive", async (t) => {
  const own = scratch(t);
  const { path, closed } = await inProcess("await directory.remove();", { XDG_RUNTIME_DIR: own });
  assert.equal(dirname(dirname(path)), own);
  const [status] = await closed;
  assert.equal(status, 0);
  assert.equal(existsSync(dirname(path)), false);
});
