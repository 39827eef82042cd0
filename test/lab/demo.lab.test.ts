import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { processesWith } from "./processes.js";
import { expectStatus, program } from "./program.js";

const demo = fileURLToPath(new URL("demo.js", import.meta.url));

/** The directory that a demo said it works in. */
const directoryIn = (stdout: string) => /works in (\S+)\.$/m.exec(stdout)?.[1] ?? "no directory";

/** The last numbers of the versions that the demo got through nginx. */
const servedIn = (stdout: string) => [...stdout.matchAll(/^essay_demo [\d.]+\.(\d+)$/gm)].map(([, n]) => n);

test("the demo switches and rolls back; with --keep it says how to end what it leaves", async () => {
  const ran = await expectStatus(0, process.execPath, [demo, "--keep"], { limit: 300_000 });
  const directory = directoryIn(ran.stdout);
  assert.notDeepEqual(processesWith(directory), [], ran.report);
  const ended = await program("sh", [`${directory}/end.sh`]);
  assert.equal(ended.status, 0, ran.report + ended.report);
  assert.ok(!existsSync(directory), ended.report);
  assert.deepEqual(processesWith(directory), [], ended.report);
  assert.deepEqual(servedIn(ran.stdout), ["1", "1", "2", "1", "2"], ran.report);
});

test("without --keep the demo leaves nothing, wherever it is interrupted", async () => {
  const child = spawn(process.execPath, [demo], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    const before = stderr;
    stderr += chunk;
    // The processes of version 1 are about to be started. A second signal would end the tidying up, too.
    const installed = /es-pip {2}essay_demo .* installed/;
    if (installed.test(stderr) && !installed.test(before)) child.kill("SIGINT");
  });
  const [, signal] = await once(child, "close");
  const report = stdout + stderr;
  assert.equal(signal, "SIGINT", report);
  assert.match(stderr, /demo: ended by SIGINT/, report);
  const directory = directoryIn(stdout);
  assert.ok(!existsSync(directory), report);
  assert.deepEqual(processesWith(directory), [], report);
});
