import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Guard } from "../../../lib/transport/guard.js";
import { identity, until } from "../../lab/processes.js";
import { program, scratch } from "../../lab/program.js";

const guard = new URL("../../../lib/transport/guard.js", import.meta.url).href;

test("dismissed, it does nothing", async (t) => {
  const directory = scratch(t);
  const child = spawn("sleep", ["1000"]);
  const one = new Guard(directory);
  one.watched.write(`${child.pid}\n`);
  await one.dismiss();
  await one.dismiss();
  assert.ok(existsSync(directory) && identity(child.pid as number) !== undefined);
  child.kill();
  await once(child, "exit");
});

test("when its process is killed, it ends what it watches, what that began, and takes the directory away", async (t) => {
  const directory = join(scratch(t), "a b");
  mkdirSync(directory);
  const ran = await program(process.execPath, [
    "--input-type=module",
    "-e",
    `import { spawn } from "node:child_process";
    const { Guard } = await import(${JSON.stringify(guard)});
    const child = spawn("sh", ["-c", "sleep 1000 & one=$!; setsid sleep 2000 & echo $one $! $$; wait"], { stdio: ["ignore", "pipe"] });
    new Guard(${JSON.stringify(directory)}).watched.write(child.pid + "\\n");
    child.stdout.once("data", (pids) => {
      process.stdout.write(pids, () => process.kill(process.pid, "SIGKILL"));
    });`,
  ]);
  assert.equal(ran.signal, "SIGKILL", ran.report);
  const [waited = 0, apart = 0, shell = 0] = ran.stdout.trim().split(" ").map(Number);
  t.after(() => process.kill(apart));
  await until("the end of the shell", () => identity(shell) === undefined);
  await until("the end of what it waited for", () => identity(waited) === undefined);
  // A daemon has gone its own way.
  assert.ok(identity(apart) !== undefined);
  await until("the end of the directory", () => !existsSync(directory));
});
