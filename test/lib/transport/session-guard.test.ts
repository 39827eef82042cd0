import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Guard } from "../../../lib/transport/session-guard.js";
import { identity, until } from "../../lab/processes.js";
import { program, scratch } from "../../lab/program.js";

const guard = new URL("../../../lib/transport/session-guard.js", import.meta.url).href;

test("dismissed, it does nothing", async (t) => {
  const directory = scratch(t);
  const child = spawn("sleep", ["1000"]);
  const one = new Guard(directory);
  one.watch(child.pid as number);
  await one.dismiss();
  await one.dismiss();
  assert.ok(existsSync(directory) && identity(child.pid as number) !== undefined);
  child.kill();
  await once(child, "exit");
});

test("when its process is killed, it ends what it watches and takes the directory away", async (t) => {
  const directory = join(scratch(t), "a b");
  mkdirSync(directory);
  const ran = await program(process.execPath, [
    "--input-type=module",
    "-e",
    `import { spawn } from "node:child_process";
    const { Guard } = await import(${JSON.stringify(guard)});
    const child = spawn("sleep", ["1000"]);
    new Guard(${JSON.stringify(directory)}).watch(child.pid);
    process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));`,
  ]);
  assert.equal(ran.signal, "SIGKILL", ran.report);
  await until("the end of the child", () => identity(Number(ran.stdout)) === undefined);
  await until("the end of the directory", () => !existsSync(directory));
});
